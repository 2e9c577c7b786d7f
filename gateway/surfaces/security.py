"""The guard: pure ASGI, ahead of all routing. Nobody passes without a caller but to what is public.

    sizes → parameters → caller → pace → the application, with security headers on every answer

The caller comes from the `Authorization` header; on the pages for people, and only there, from the session.

It is also the one place where an error becomes an answer.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from traceback import extract_tb

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.errors import GatewayError, InvalidToken, LoginRequired, Unauthenticated
from gateway.identity import Credentials, Identified
from gateway.journal.body import Origin
from gateway.model.caller import Caller
from gateway.ports import GoodProof
from gateway.surfaces.cookies import SESSION, find_cookie
from gateway.surfaces.guarded_answer import GuardedAnswer
from gateway.surfaces.inbound import Inbound, headers, keep_inbound, read_origin, read_parameters
from gateway.surfaces.pacing import Pacing
from gateway.surfaces.presented import read_credentials
from gateway.surfaces.problems import Shape, log_unserved, routing_error, send_problem
from gateway.surfaces.proxies import TrustedProxies
from gateway.surfaces.public import METRICS_PATH, NO_MONITORING, Monitoring, needs_no_caller
from gateway.surfaces.sizes import check_sizes, limited_body
from gateway.surfaces.state_threads import StateThreads

_LOG = logging.getLogger("jakelu.requests")


@dataclass(frozen=True, slots=True)
class Answered:
    """One finished request, for metrics and the log. route: a template, never the path itself."""

    method: str
    route: str
    status: int
    seconds: float
    request_id: str
    code: str | None


@dataclass(frozen=True, slots=True)
class People:
    """How the pages for people know theirs: by a session, never by a token, and nothing else takes one.

    public: the paths of the login, which need neither; pages: the paths that need a session, and folders:
    what the paths of further ones begin with, to their slash. caller: a session's secret → Caller, None
    when it has ended; it may block. login: where a browser without a session goes, for the method and the
    path that it asked for.
    """

    public: frozenset[str]
    pages: frozenset[str]
    caller: Callable[[str | None], Caller | None]
    login: Callable[[str, str], str]
    folders: frozenset[str] = frozenset()

    def needs_session(self, path: str) -> bool:
        return path in self.pages or any(path.startswith(folder) for folder in self.folders)


NO_PEOPLE = People(frozenset(), frozenset(), lambda _: None, lambda *_: "/")


@dataclass(frozen=True, slots=True)
class SignedAddresses:
    """Addresses that say themselves on whose right they stand; a header adds nothing to it.

    folder: what their paths begin with, to its slash. caller: path, query values and the client's address
    → Caller; it may block.
    """

    folder: str
    caller: Callable[[str, Mapping[str, str], str | None], Caller]

    def holds(self, path: str) -> bool:
        return path.startswith(self.folder)


@dataclass(frozen=True, slots=True)
class Gate:
    """What the guard is given.

    authenticate: credentials → who asks; it may block. use_up: the proof of a bound token; it asks the
    state, on `state`. pacing: how fast. count_failure: told the reason of
    each 401. observe: told of each finished request. public_url: our address as clients see it, without a
    slash at the end. proxies: whose word is taken for a client's address and certificate. monitoring: who
    reads the metrics. people: the pages for people, none where there is no login. signed: addresses that
    need no header. shapes: how errors look below a path, where not as problems.
    """

    authenticate: Callable[[Credentials], Identified]
    use_up: Callable[[GoodProof], None]
    threads: Executor
    state: StateThreads
    pacing: Pacing
    count_failure: Callable[[str], None]
    observe: Callable[[Answered], None]
    public_url: str
    proxies: TrustedProxies
    monitoring: Monitoring = NO_MONITORING
    people: People = NO_PEOPLE
    signed: SignedAddresses | None = None
    shapes: Mapping[str, Shape] = field(default_factory=dict[str, Shape])

    def shape(self, path: str) -> Shape | None:
        return next((each for at, each in self.shapes.items() if path.startswith(at)), None)


class Guard:
    """The outermost application."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._guard(scope, receive, send)
        else:  # there are no web sockets
            await send({"type": "websocket.close", "code": 1008})

    async def _guard(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        answer = GuardedAnswer(send, request_id)
        error: GatewayError | None = None
        inbound: Inbound | None = None
        try:
            check_sizes(scope)
            inbound = Inbound(
                read_origin(scope, request_id, self._gate.proxies),
                read_parameters(scope["query_string"]),
                wants_body=scope["method"] != "HEAD",
            )
            await self._admit(scope, inbound, answer)
            keep_inbound(scope, inbound)
            scope["app"] = (
                self  # with an application around it, routing raises instead of answering
            )
            await self._app(scope, limited_body(receive), answer.send)
        except GatewayError as refusal:
            log_unserved(refusal, request_id)
            self._gate.pacing.note(refusal, inbound.caller if inbound else None)
            error = refusal
        except HTTPException as unrouted:
            error = routing_error(unrouted.status_code)
        except Exception as fault:
            _log_fault(fault, request_id)
            error = GatewayError()
        if isinstance(error, LoginRequired) and answer.status is None:
            location = self._gate.people.login(scope["method"], scope["path"])
            await send_redirect(location, answer.send)
        if answer.status is None:
            await send_problem(
                error or GatewayError(),
                scope,
                answer.send,
                request_id=request_id,
                public_url=self._gate.public_url,
                shape=self._gate.shape(scope["path"]),
            )
        self._observe(scope, answer, started, error)

    async def _admit(self, scope: Scope, inbound: Inbound, answer: GuardedAnswer) -> None:
        """Who asks, and whether it is not too fast. Raises GatewayError, HTTPException."""
        if self._gate.people.needs_session(scope["path"]):
            inbound.caller = await self._person(scope, inbound.origin)
        elif scope["path"] in self._gate.people.public:
            self._gate.pacing.count_login(inbound.origin.client_address)
        elif self._gate.signed is not None and self._gate.signed.holds(scope["path"]):
            inbound.caller = await self._of_address(self._gate.signed, scope["path"], inbound)
        elif not needs_no_caller(scope, inbound.origin, self._gate.monitoring):
            await self._recognise(scope, inbound, answer)
        if inbound.caller is not None:
            await self._gate.pacing.admit(inbound.caller, answer.fields)
            if scope["path"] == METRICS_PATH:  # which is for the monitoring, and for no caller
                raise HTTPException(404)

    async def _recognise(self, scope: Scope, inbound: Inbound, answer: GuardedAnswer) -> None:
        """The caller of a request, whose proof is used up unless the limits refuse them anyway."""
        identified = await self._identified(scope, inbound.origin)
        inbound.caller = identified.caller
        answer.tell_of_key(inbound.caller.key)
        if identified.proof is not None:
            self._gate.pacing.check_open(inbound.caller, answer.fields)
            await self._use_up(identified.proof, inbound.origin)

    async def _identified(self, scope: Scope, origin: Origin) -> Identified:
        gate = self._gate
        sent = headers(scope, b"authorization")
        try:
            credentials = read_credentials(scope, origin, public_url=gate.public_url)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(gate.threads, gate.authenticate, credentials)
        except InvalidToken as error:
            await self._count_failure(error, origin)
            raise
        except Unauthenticated as error:
            gate.count_failure(error.code)
            if sent:  # without any credentials nobody guesses
                await gate.pacing.count_failure(error, origin.client_address)
            raise

    async def _of_address(self, signed: SignedAddresses, path: str, inbound: Inbound) -> Caller:
        """Raises InvalidFileAddress, TooManyFailures, StateUnavailable."""
        loop, origin = asyncio.get_running_loop(), inbound.origin
        try:
            return await loop.run_in_executor(
                self._gate.threads, signed.caller, path, inbound.parameters, origin.client_address
            )
        except InvalidToken as error:
            await self._count_failure(error, origin)
            raise

    async def _use_up(self, proof: GoodProof, origin: Origin) -> None:
        """Raises InvalidProof, TooManyFailures, StateUnavailable."""
        try:
            await self._gate.state.run(self._gate.use_up, proof)
        except InvalidToken as error:
            await self._count_failure(error, origin)
            raise

    async def _count_failure(self, error: InvalidToken, origin: Origin) -> None:
        self._gate.count_failure(str(error.reason))
        await self._gate.pacing.count_failure(error, origin.client_address)

    async def _person(self, scope: Scope, origin: Origin) -> Caller:
        """Raises LoginRequired, TooManyFailures, StateUnavailable."""
        session = find_cookie(scope, SESSION)
        found = await self._gate.state.run(self._gate.people.caller, session)
        if found is None:
            required = LoginRequired()
            if session is not None:  # guessed, or ended
                await self._gate.pacing.count_failure(required, origin.client_address)
            raise required
        return found

    def _observe(
        self, scope: Scope, answer: GuardedAnswer, started: float, error: GatewayError | None
    ) -> None:
        route = scope.get("route")
        self._gate.observe(
            Answered(
                method=scope["method"] if scope["method"] in {"GET", "HEAD"} else "other",
                route=str(getattr(route, "path", "")) or "unmatched",
                status=answer.status or 500,
                seconds=time.perf_counter() - started,
                request_id=answer.request_id,
                code=None if error is None else error.code,
            )
        )


async def send_redirect(location: str, send: Send) -> None:
    """303: whatever was asked, the browser goes on with GET."""
    headers = [(b"location", location.encode("ascii")), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _log_fault(fault: Exception, request_id: str) -> None:
    """Where it happened, never what was in it: a message may hold values."""
    frames = extract_tb(fault.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    _LOG.error("request %s: %s at %s", request_id, type(fault).__name__, where)
