// The identity provider of the tests: oidc-provider on loopback, told by one JSON file who there is.
//
//     node provider.mjs SETTINGS.json
//
// Settings: port (0: any free one); resource and audience: what access tokens are for, as clients ask for
// it (RFC 8707) and as `aud` names it; access_token_seconds; jwks: private keys that sign, the first fit one
// is used; clients: metadata of each, with claims of its own; accounts: name, password, claims.
// The one line on stdout is {"issuer": …}, once it listens. SIGTERM ends it.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { Provider } from 'oidc-provider';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const accounts = new Map(settings.accounts.map((account) => [account.name, account]));
const clientClaims = new Map(settings.clients.map(({ client_id, claims }) => [client_id, claims]));

const server = createServer();
server.listen(settings.port, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration());
  const protocol = provider.callback();
  server.on('request', (request, response) => {
    if (request.url.startsWith('/interaction/')) {
      signIn(provider, request, response).catch(() =>
        page(response, 400, '<p>This sign-in has ended.</p>'),
      );
    } else {
      protocol(request, response);
    }
  });
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
});
process.on('SIGTERM', () => process.exit(0));

function configuration() {
  return {
    clients: settings.clients.map(({ claims, ...metadata }) => metadata),
    jwks: settings.jwks,
    cookies: { keys: [randomBytes(32).toString('hex')] },
    clientAuthMethods: ['private_key_jwt', 'client_secret_basic', 'none'],
    enabledJWA: {
      idTokenSigningAlgValues: ['PS256', 'ES256'],
      clientAuthSigningAlgValues: ['PS256', 'ES256'],
    },
    pkce: { required: () => true },
    routes: { authorization: '/auth', token: '/token', jwks: '/jwks', end_session: '/session/end' },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    ttl: {
      AccessToken: settings.access_token_seconds,
      ClientCredentials: settings.access_token_seconds,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 600,
      Interaction: 600,
      Session: 3600,
    },
    // A client of our own house asks nobody's consent: what it asks for is granted.
    loadExistingGrant: async (ctx) => {
      const { client, session, params } = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({
        clientId: client.clientId,
        accountId: session.accountId,
      });
      grant.addOIDCScope(params.scope);
      await grant.save();
      return grant;
    },
    findAccount: (_, name) =>
      accounts.has(name) ? { accountId: name, claims: async () => ({ sub: name }) } : undefined,
    extraTokenClaims: (_, token) =>
      token.accountId ? accounts.get(token.accountId)?.claims : clientClaims.get(token.clientId),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_, __, asked) => asked,
        getResourceServerInfo: (_, resource) => {
          if (resource !== settings.resource) throw new Error('no such resource');
          return {
            scope: '',
            audience: settings.audience,
            accessTokenFormat: 'jwt',
            accessTokenTTL: settings.access_token_seconds,
            jwt: { sign: { alg: 'PS256' } },
          };
        },
      },
    },
  };
}

async function signIn(provider, request, response) {
  const details = await provider.interactionDetails(request, response);
  if (details.prompt.name !== 'login') {
    throw new Error('only a login is asked for');
  }
  if (request.method === 'GET') {
    page(response, 200, signInForm(''));
    return;
  }
  const form = new URLSearchParams(await bodyOf(request));
  const account = accounts.get(form.get('name'));
  if (!account || account.password !== form.get('password')) {
    page(response, 403, signInForm('<p role="alert">The name or the password is wrong.</p>'));
    return;
  }
  const result = { login: { accountId: account.name } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function bodyOf(request) {
  let body = '';
  for await (const part of request) body += part;
  return body;
}

function signInForm(notice) {
  return `<h1>Test provider</h1>${notice}
<form method="post">
<p><label>Name <input name="name" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>Sign in</button></p>
</form>`;
}

function logoutSource(ctx, form) {
  ctx.body = document(`<h1>Test provider</h1>${form}
<p><button form="op.logoutForm" name="logout" value="yes">Sign out</button></p>`);
}

function page(response, status, body) {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(document(body));
}

function document(body) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Test provider</title></head>
<body>${body}</body></html>`;
}
