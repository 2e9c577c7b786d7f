"""/login, /login/callback, /logout and /me."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.delivery.services import Services
from gateway.errors import (
    BadParameter,
    CsrfRefused,
    GatewayError,
    IssuerUnavailable,
    LoginRefused,
    TooManyWaiting,
)
from gateway.identity.login import Callback, Logins
from gateway.surfaces.beside import Beside
from gateway.surfaces.cookies import (
    LOGIN,
    SESSION,
    find_cookie,
    login_cookie,
    no_cookie,
    session_cookie,
)
from gateway.surfaces.html.rendering import Pages, language_of
from gateway.surfaces.html.threads import BoundedThreads, PortalThreads
from gateway.surfaces.inbound import caller_of, header, inbound_of, read_parameters
from gateway.surfaces.portal.me import me_page
from gateway.surfaces.portal.texts import TEXTS
from gateway.surfaces.problems import log_unserved
from gateway.surfaces.security import People

LOGIN_PATH, CALLBACK_PATH, LOGOUT_PATH = "/login", "/login/callback", "/logout"
FRONT_PATH, ME_PATH = "/", "/me"
PUBLIC = frozenset({LOGIN_PATH, CALLBACK_PATH})
PAGES = frozenset({FRONT_PATH, ME_PATH, LOGOUT_PATH})
NOTHING_BESIDE = Beside()
LOGGED_OUT = f"{LOGIN_PATH}?ended=yes"
_PAGES = Pages("gateway.surfaces.portal", TEXTS)
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Portal:
    """The pages. count_failure: told the reason of each refused login.

    beside: pages of other surfaces that a session opens.
    """

    logins: Logins
    services: Services
    count_failure: Callable[[str], None]
    threads: PortalThreads
    beside: Beside = NOTHING_BESIDE

    def routes(self) -> Sequence[BaseRoute]:
        return (
            Route(LOGIN_PATH, self._for_people(self.login, self.threads.login)),
            Route(CALLBACK_PATH, self._for_people(self.callback, self.threads.login)),
            Route(LOGOUT_PATH, self.logout, methods=["GET", "POST"]),
            Route(FRONT_PATH, self.front),
            Route(ME_PATH, self._for_people(self.me, self.threads.pages)),
        )

    def people(self) -> People:
        """For the guard: which paths are for people, and how they are known."""
        return People(
            public=PUBLIC,
            pages=PAGES | self.beside.pages,
            caller=self.logins.caller,
            login=self.login_address,
            folders=self.beside.folders,
        )

    @property
    def returns(self) -> frozenset[str]:
        """Where a login may lead: a page of ours, never an address that was sent to us."""
        return self.beside.pages | {ME_PATH}

    def login_address(self, method: str, path: str) -> str:
        """Where a browser without a session goes: to the login, or when it wanted to leave, to the farewell."""
        if method not in {"GET", "HEAD"} or path == LOGOUT_PATH:
            return LOGGED_OUT
        return f"{LOGIN_PATH}?to={quote(path, safe='')}" if path in self.returns else LOGIN_PATH

    def login(self, request: Request) -> Response:
        """To the provider; with `ended`, the farewell after a logout."""
        parameters = inbound_of(request.scope).parameters
        if "ended" in parameters:
            return _notice(request, "logged_out", link=(LOGIN_PATH, "log_in"))
        page = parameters.get("to", ME_PATH)
        if page not in self.returns:
            raise BadParameter("There is no such page to return to.", parameter="to")
        begun = self.logins.begin(page, language=language_of(request.scope))
        return _redirect(begun.address, login_cookie(begun.cookie))

    def callback(self, request: Request) -> Response:
        """From the provider. The browser's session is a new one whatever it had (no fixation)."""
        inbound, scope = inbound_of(request.scope), request.scope
        sent = inbound.parameters
        finished = self.logins.finish(
            Callback(sent.get("state"), sent.get("code"), sent.get("iss"), sent.get("error")),
            cookie=find_cookie(scope, LOGIN),
            old=find_cookie(scope, SESSION),
            origin=inbound.origin,
        )
        return _redirect(finished.page, session_cookie(finished.session), no_cookie(LOGIN))

    async def logout(self, request: Request) -> Response:
        """Ends the session here, then at the provider."""
        if request.method != "POST":
            return _redirect(ME_PATH)
        body = await request.body()
        return await self._for_people(self._end, self.threads.pages)(request, body)

    def _end(self, request: Request, body: bytes) -> Response:
        session = find_cookie(request.scope, SESSION) or ""
        media_type = (header(request.scope, b"content-type") or "").partition(";")[0].strip()
        sent = read_parameters(body) if media_type == _FORM else {}
        if not hmac.compare_digest(sent.get("csrf", "").encode(), form_token(session).encode()):
            raise CsrfRefused("Log out with the button on the page.")
        self.logins.end(session, origin=inbound_of(request.scope).origin)
        answer = _redirect(self._logout_address() or LOGGED_OUT, no_cookie(SESSION))
        answer.headers["clear-site-data"] = '"cache"'
        return answer

    async def front(self, _: Request) -> Response:
        return _redirect(ME_PATH)

    def me(self, request: Request) -> Response:
        """The bare page: who am I, what do I see, and why not the rest."""
        scope = request.scope
        language = language_of(scope)
        shown = {
            "me": me_page(caller_of(scope), self.services, language, self.beside.entrances),
            "csrf": form_token(find_cookie(scope, SESSION) or ""),
        }
        return _PAGES.render("me.html", scope, shown, form_target=self._logout_address())

    def _logout_address(self) -> str | None:
        try:
            return self.logins.provider.logout_address()
        except IssuerUnavailable:  # leaving us needs nobody's help
            return None

    def _for_people(
        self, endpoint: Callable[..., Response], threads: BoundedThreads
    ) -> Callable[..., Awaitable[Response]]:
        """In a thread, and with errors as a page: a browser shows no problem document."""

        async def answer(request: Request, *rest: object) -> Response:
            try:
                return await threads.run(endpoint, request, *rest)
            except GatewayError as error:
                log_unserved(error, inbound_of(request.scope).origin.request_id)
                if isinstance(error, LoginRefused):
                    self.count_failure(str(error.reason))
                return _error_page(request, error)

        return answer


def form_token(session: str) -> str:
    """What a form of the session carries: nobody can compute it without the session's secret."""
    return hmac.new(session.encode(), b"jakelu form", hashlib.sha256).hexdigest()


def _redirect(address: str, *cookies: str) -> Response:
    answer = RedirectResponse(address, status_code=303)
    for cookie in cookies:
        answer.headers.append("set-cookie", cookie)
    return answer


def _error_page(request: Request, error: GatewayError) -> Response:
    if error.status >= 500:
        name = "unavailable"
    else:
        name = "refused_form" if isinstance(error, CsrfRefused) else "failed"
    answer = _notice(request, name, link=(FRONT_PATH, "front"), status=error.status)
    has_begun = not isinstance(error, TooManyWaiting)  # else the same login can go on later
    if request.scope["path"] == CALLBACK_PATH and has_begun:
        answer.headers.append("set-cookie", no_cookie(LOGIN))
    if error.retry_after_seconds is not None:
        answer.headers["retry-after"] = str(error.retry_after_seconds)
    return answer


def _notice(request: Request, name: str, *, link: tuple[str, str], status: int = 200) -> Response:
    request_id = inbound_of(request.scope).origin.request_id if status >= 400 else None
    shown = {"name": name, "link": link, "request_id": request_id}
    return _PAGES.render("notice.html", request.scope, shown, status=status)
