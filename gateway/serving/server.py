"""Granian: one process that listens, and workers that answer."""

from __future__ import annotations

import logging
import logging.config
import multiprocessing
import os
import socket
import sys
import threading
from functools import partial

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from starlette.types import ASGIApp

from gateway.adapters.postgres_url import PostgresUrl
from gateway.errors import GatewayError, SettingsFault
from gateway.serving.application import create_app
from gateway.settings import ServeSettings

SHUTDOWN_SECONDS = 10


def run(settings: ServeSettings) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsFault."""
    if settings.workers > 1 and not isinstance(settings.journal, PostgresUrl):
        raise SettingsFault(
            "The embedded journal (SQLite) serves one worker; set workers to 1, or set journal_url.",
            parameter="workers",
        )
    _check_port_is_free(settings)
    server = Granian(
        "gateway.serving:create_app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        websockets=False,
        # Granian keeps a limited number of connections, and only in this mode does one that says
        # nothing end: HTTP/2 and the guessing between the two have no timeout for it.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=max(1, round(settings.header_timeout_seconds * 1000))
        ),
        workers_kill_timeout=SHUTDOWN_SECONDS,
        log_access=False,  # it would write query strings
    )
    try:
        server.serve(target_loader=partial(_load, settings), wrap_loader=False)
    except RuntimeError as fault:  # how Granian says that it cannot listen
        raise SettingsFault(
            f"{settings.host}:{settings.port} cannot be listened on ({fault}).", parameter="port"
        ) from fault


def _check_port_is_free(settings: ServeSettings) -> None:
    """Granian shares its port with whoever else shares it, which would split one gateway in two."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as fault:
            raise SettingsFault(
                f"{settings.host}:{settings.port} cannot be listened on ({fault.strerror}). "
                "Stop what listens there, or choose another port (--port; `make demo PORT=…`).",
                parameter="port",
            ) from fault


def _load(settings: ServeSettings) -> ASGIApp:
    """The application of one worker process, or one clear line and the end of the process."""
    _end_with_parent()
    _configure_logging()
    try:
        return create_app(settings)
    except GatewayError as fault:
        print(f"jakelu: {fault.title}. {fault.detail}".rstrip(), file=sys.stderr)  # noqa: T201
        sys.exit(1)


def _end_with_parent() -> None:
    """A worker whose parent was killed would go on serving, and hold its intents open."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def _configure_logging() -> None:
    """One line an event on stderr, in UTC: identifiers, counts, durations."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "format": "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s",
                    "datefmt": "%Y-%m-%dT%H:%M:%S",
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"level": "INFO", "handlers": ["stderr"]},
            "loggers": {"alembic": {"level": "WARNING"}},  # it tells how it works, not what it did
        }
    )
