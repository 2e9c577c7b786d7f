"""A whole run: lock, login, who am I, and each download for itself; one that fails stops no other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx2

from gateway.pull.answers import fault_of
from gateway.pull.config import Config
from gateway.pull.connection import open_gateway
from gateway.pull.faults import ConfigFault, Damaged, ExitCode, NotTheGateway, PullFault, TryLater
from gateway.pull.keys import load_client_key
from gateway.pull.lock import only_run
from gateway.pull.login import login_of
from gateway.pull.patience import Retrying
from gateway.pull.place import Modes, Place
from gateway.pull.report import Report, reporting, title_of
from gateway.pull.results import Outcome, Result, exit_code_of, outcome_of
from gateway.pull.transfer import Transfer
from gateway.pull.wishes import (
    Wish,
    action_told,
    address_of,
    check_kind,
    dimensions_told,
    read_me,
    wishes_of,
)

DOCUMENT_BYTES_MAX = 64 << 20


def pull(config: Config, *, form: str) -> ExitCode:
    """Fetch all that the config asks for. form: `lines`, `json` or `quiet`.

    Raises PullFault when nothing could begin.
    """
    modes = Modes(0o750, 0o640) if config.group_readable else Modes()
    login = login_of(config)
    with (
        only_run(config.out, modes),
        open_gateway(config, login) as client,
        reporting(form) as report,
    ):
        run = Run(config, client, modes, report)
        results = [run.fetch(wish) for wish in run.wishes()]
        report.summed_up(results)
    return exit_code_of(results)


def public_keys(config: Config) -> dict[str, Any]:
    """The JWK set to register with the identity provider. Raises ConfigFault."""
    if config.oauth is None:
        raise ConfigFault("Only [oauth] has a key to register.")
    return load_client_key(config.oauth).public_set()


class Run:
    """One run's client, folder and report."""

    def __init__(self, config: Config, client: httpx2.Client, modes: Modes, report: Report) -> None:
        self._config = config
        self._client = client
        self._modes = modes
        self._report = report

    def wishes(self) -> tuple[Wish, ...]:
        """Raises PullFault."""
        me = read_me(self._document("/v1/me", "who am I"))
        return tuple(wishes_of(self._config, me))

    def fetch(self, wish: Wish) -> Result:
        """Never raises for what this one file is about."""
        product, area = wish.wanted.product, wish.area
        try:
            result = self._fetch(wish)
        except PullFault as fault:
            result = Result(product, area, None, outcome_of(fault), fault=fault)
        self._report.ended(result)
        return result

    def _fetch(self, wish: Wish) -> Result:
        title = title_of(wish.wanted.product, wish.area)
        wish = self._resolved(wish, title)
        asked = self._config.gateway + address_of(wish, self._dimensions(wish, title))
        path = wish.path(self._config.out)
        with self._report.progress(title) as progress:
            transfer = Transfer(self._client, asked, Place(path, self._modes), progress)
            try:
                outcome, fault = self._transfer(transfer, title), None
            except PullFault as raised:
                outcome, fault = outcome_of(raised), raised
        return Result(
            wish.wanted.product,
            wish.area,
            path,
            outcome,
            received=transfer.received,
            notes=transfer.notes,
            check=transfer.check,
            from_byte=transfer.from_byte if outcome is Outcome.RESUMED else 0,
            was_damaged=transfer.was_damaged,
            fault=fault,
        )

    def _transfer(self, transfer: Transfer, title: str) -> Outcome:
        """Bytes that are not what was announced are fetched once more from the start, and only once."""
        transfer.prepare()
        retrying = self._retrying(title)
        try:
            return retrying(transfer.attempt)
        except Damaged as damage:
            again = TryLater(damage.detail, wait_seconds=0)
            self._report.waits(title, 0, again)
            return retrying(transfer.attempt)

    def _resolved(self, wish: Wish, title: str) -> Wish:
        """With its kind. For a product that is not listed, the gateway says so, and has an id for it."""
        if wish.action is None:
            found = self._document(f"/v1/products/{wish.wanted.product}", title)
            wish = replace(wish, action=action_told(found))
        check_kind(wish)
        return wish

    def _dimensions(self, wish: Wish, title: str) -> list[str]:
        if not wish.is_whole_cube:
            return []
        return dimensions_told(self._document(f"/v1/cubes/{wish.wanted.product}", title))

    def _document(self, path: str, title: str) -> object:
        """A JSON document of the gateway. Raises PullFault."""
        return self._retrying(title)(lambda: _read_document(self._client, path))

    def _retrying(self, title: str) -> Retrying:
        def told(seconds: float, fault: TryLater) -> None:
            self._report.waits(title, seconds, fault)

        return Retrying(self._config.patience, told)


def _read_document(client: httpx2.Client, path: str) -> object:
    try:
        with client.stream("GET", path) as response:
            if response.status_code != 200:
                raise fault_of(response)
            content = bytearray()
            for chunk in response.iter_raw():
                content += chunk
                if len(content) > DOCUMENT_BYTES_MAX:
                    raise NotTheGateway(f"{path} is too long.")
        return json.loads(content)
    except httpx2.HTTPError as error:
        raise TryLater(f"The gateway does not answer ({type(error).__name__}).") from error
    except ValueError:
        raise NotTheGateway(f"{path} answers no JSON.") from None
