"""Logs people in: OpenID Connect code flow with PKCE, by Authlib, as RFC 9700 wants it.

Of Authlib the OAuth client and the id token's claims are used; its Starlette integration keeps the login
in a signed cookie and takes the algorithms of the id token from the provider, so it is not.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from typing import Any, cast

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.client import OAuth2Client as RequestMaker
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from gateway.adapters.key_source import is_safe_address
from gateway.adapters.login_credential import KeyCredential, LoginCredential
from gateway.adapters.login_id_token import IdTokens
from gateway.adapters.login_metadata import MetadataSource
from gateway.errors import IssuerUnavailable, LoginRefused, SettingsFault
from gateway.identity.reasons import LoginFault
from gateway.ports import Clock, LoginAttempt, Redeemed

ASSERTION_SECONDS = 60
_TIMEOUT_SECONDS = 5.0
_log = logging.getLogger(__name__)


class OidcLogin:
    """The LoginProvider port for one provider.

    public_url: our address without a slash at the end. Access tokens are asked for it (RFC 8707); the
    callback and the page after a logout stand below it, and are registered at the provider. Raises
    SettingsFault.
    """

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        credential: LoginCredential,
        public_url: str,
        clock: Clock,
    ) -> None:
        if not is_safe_address(issuer) or not is_safe_address(public_url):
            raise SettingsFault(
                "A login needs https for login_issuer and public_url, or http on loopback.",
                parameter="login_issuer",
            )
        self._issuer = issuer
        self._client_id = client_id
        self._credential = credential
        self._public_url = public_url
        self._clock = clock
        self._metadata = MetadataSource(issuer, clock=clock)
        self._id_tokens = IdTokens(self._metadata, issuer=issuer, client_id=client_id, clock=clock)

    @property
    def redirect_uri(self) -> str:
        return f"{self._public_url}/login/callback"

    def address(self, attempt: LoginAttempt, *, language: str) -> str:
        client = RequestMaker(
            session=None,
            client_id=self._client_id,
            redirect_uri=self.redirect_uri,
            scope="openid",
            code_challenge_method="S256",
        )
        address, _ = client.create_authorization_url(
            self._metadata.find().authorization_endpoint,
            state=attempt.state,
            code_verifier=attempt.verifier,
            nonce=attempt.nonce,
            resource=self._public_url,
            ui_locales=language,
        )
        return address

    def check_issuer(self, issuer: str | None) -> None:
        is_promised = self._metadata.find().authorization_response_iss_parameter_supported
        if issuer != self._issuer and (issuer is not None or is_promised):
            raise LoginRefused(LoginFault.ISSUER)

    def redeem(self, attempt: LoginAttempt, code: str) -> Redeemed:
        answer = self._fetch(attempt, code)
        access_token, id_token = answer.get("access_token"), answer.get("id_token")
        if not isinstance(access_token, str) or not isinstance(id_token, str):
            raise LoginRefused(LoginFault.NO_TOKEN)
        if str(answer.get("token_type")).lower() != "bearer":
            raise LoginRefused(LoginFault.NO_TOKEN)
        subject = self._id_tokens.subject(id_token, access_token=access_token, nonce=attempt.nonce)
        return Redeemed(access_token, self._issuer, subject, self._client_id)

    def logout_address(self) -> str | None:
        """RP-Initiated Logout 1.0 with our client id: an id token would have to be kept for its hint."""
        endpoint = self._metadata.find().end_session_endpoint
        if endpoint is None:
            return None
        ours = {
            "client_id": self._client_id,
            "post_logout_redirect_uri": f"{self._public_url}/login?ended=yes",
        }
        return str(httpx2.URL(endpoint).copy_merge_params(ours))

    def _fetch(self, attempt: LoginAttempt, code: str) -> dict[str, Any]:
        """The answer of the token endpoint; codes and tokens are never in an error."""
        endpoint = self._metadata.find().token_endpoint
        try:
            with cast("AbstractContextManager[OAuth2Client]", self._client()) as client:
                return client.fetch_token(
                    endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=attempt.verifier,
                    redirect_uri=self.redirect_uri,
                    resource=self._public_url,
                )
        except OAuthError:
            raise LoginRefused(LoginFault.CODE) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as fault:
            _log.warning("the provider gives no tokens: %s", type(fault).__name__)
            raise IssuerUnavailable("Try again in a moment.", retry_after_seconds=5) from None

    def _client(self) -> OAuth2Client:
        """No redirects, and nothing from the environment."""
        given = self._credential
        is_key = isinstance(given, KeyCredential)
        client = OAuth2Client(
            self._client_id,
            given.key if isinstance(given, KeyCredential) else given.secret,
            token_endpoint_auth_method="private_key_jwt" if is_key else "client_secret_basic",
            trust_env=False,
            follow_redirects=False,
            timeout=_TIMEOUT_SECONDS,
        )
        if isinstance(given, KeyCredential):
            now = int(self._clock.now().timestamp())
            client.register_client_auth_method(
                PrivateKeyJWT(
                    self._issuer,  # the audience: FAPI 2.0 Security Profile section 5.3.3.1
                    claims={"iat": now, "exp": now + ASSERTION_SECONDS},
                    headers={"kid": given.key_id} if given.key_id else {},
                    alg=given.algorithm,
                )
            )
        return client
