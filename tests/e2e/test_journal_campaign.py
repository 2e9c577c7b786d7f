"""The journal under every fault that we can make, through the gateway's door, and checked from outside.

Clients pull and are refused while processes are killed at each step of a commit, disks are full, databases are
killed, frozen and replaced, and the clock goes back. At the end the auditor's own programme reads the
export, beside checkpoints that were kept on the way, and each response is looked for:

- no response without an entry, whatever its status, and no delivery told complete that was not sent whole;
- what was met before its COMMIT is not there, and what was met after it is, closed as `unknown`;
- no place is empty, nothing is there twice, and nothing has moved since any kept checkpoint.

JAKELU_ENTRIES sets how many entries it takes: few in the suite, where each store meets half of the deeds, and
twenty thousand in `make soak`.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.batch.demo import demo_token
from gateway.batch.demo_layout import DemoLayout
from gateway.batch.journal_key import create_journal_key

ROOT = Path(__file__).parents[2]
FAULTY = Path(__file__).with_name("faulty")
CLIENTS = 4
ROWS = "/v1/rows/job-seeker-spells?area=39"
ASKED = (
    f"{ROWS}&format=csv&columns=sex",
    f"{ROWS}&format=parquet",
    "/v1/rows/job-seeker-spells?area=20&format=csv",  # another's: refused
    "/v1/cubes/vacancies/data?geography=*&month=*&occupation=*&format=csv",
)
KILLS = ("before", "inserted", "committed", "answered", "closing")
DEEDS = (
    *(f"kill:{step}" for step in KILLS),
    *(f"{deed}:{step}" for deed in ("fail", "slow") for step in ("before", "committed")),
    "clock:before",
)
PERSISTED = {"before": False, "inserted": False, "committed": True, "answered": True}


@dataclass(frozen=True)
class Response:
    """What a client has of one answer. read: bytes of the body; is_whole: whether it came to its end."""

    trace: str
    status: int
    receipt: str | None
    read: int
    is_whole: bool


@dataclass
class Clients:
    """Callers who go on whatever happens, at one gateway after another."""

    new_token: Callable[[], str]
    pause_seconds: float
    bases: list[str] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    unanswered: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def begin(self) -> None:
        for number in range(CLIENTS):
            thread = threading.Thread(target=self._call, args=(number,))
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def goes_on(self, answers: int, *, status: int = 200, seconds: float = 60) -> None:
        """Wait until so many more were answered."""
        wanted, deadline = self.answered(status) + answers, time.monotonic() + seconds
        while self.answered(status) < wanted:
            assert time.monotonic() < deadline, Counter(r.status for r in self.responses[-50:])
            time.sleep(0.02)

    def answered(self, status: int) -> int:
        return sum(each.status == status for each in list(self.responses))

    def _call(self, number: int) -> None:
        with httpx2.Client(timeout=15) as client:
            token = ""
            for turn in itertools.count(number):
                if self._stop.is_set():
                    return
                if turn == number or turn % 500 == 0:
                    token = self.new_token()
                bases = list(self.bases)
                if not bases:
                    time.sleep(0.02)
                    continue
                url = bases[turn % len(bases)] + ASKED[turn // 3 % len(ASKED)]
                self._ask(client, url, token, is_ranged=turn % 5 == 0)
                time.sleep(self.pause_seconds)

    def _ask(self, client: httpx2.Client, url: str, token: str, *, is_ranged: bool) -> None:
        trace = uuid.uuid4().hex
        headers = {
            "Authorization": f"Bearer {token}",
            "traceparent": f"00-{trace}-{'1' * 16}-00",
            **({"Range": "bytes=0-99"} if is_ranged else {}),
        }
        status, receipt, read, whole = 0, None, 0, False
        with (
            suppress(httpx2.TransportError),
            client.stream("GET", url, headers=headers) as answer,
        ):
            status, receipt = answer.status_code, answer.headers.get("jakelu-receipt")
            for chunk in answer.iter_raw():
                read += len(chunk)
            whole = True
        if status:
            self.responses.append(Response(trace, status, receipt, read, whole))
        else:
            self.unanswered += 1
            time.sleep(0.05)
        if status in (429, 503):
            time.sleep(0.1)


@dataclass
class Site:
    """One journal, the gateways over it, and everything that is known of it from outside."""

    layout: DemoLayout
    start: Callable[..., Any]
    clients: Clients
    folder: Path
    settings: dict[str, str]
    met: list[dict[str, Any]] = field(default_factory=list)
    checkpoints: list[Path] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def gateway(self, fault: str | None = None) -> Any:
        """Another gateway, which clients ask from now on."""
        more = dict(self.settings)
        if fault is not None:
            more |= {
                "PYTHONPATH": str(FAULTY),
                "JAKELU_FAULT": fault,
                "JAKELU_FAULT_LOG": str(self.log),
            }
        house = self.start(self.layout, settings=more)
        self.clients.bases.append(house.base)
        return house

    def gone(self, house: Any, *, by: Callable[[], None]) -> None:
        self.clients.bases.remove(house.base)
        by()

    @property
    def log(self) -> Path:
        return self.folder / "faults.ndjson"

    def hits(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0

    def keep_checkpoint(self, house: Any) -> None:
        """As an auditor keeps one now and then."""
        answer = house.get("auditor", "/v1/journal/checkpoint")
        if answer.status_code == 200:
            path = self.folder / f"kept-{len(self.checkpoints)}.txt"
            path.write_bytes(answer.content)
            self.checkpoints.append(path)


# --- the faults ------------------------------------------------------------------------------


def in_the_process(site: Site, said: str, *, beside: Any | None, every: int) -> None:
    """One gateway meets a fault at a step; another, where there is one, goes on beside it."""
    before = site.hits()
    house = site.gateway(f"{said}:{every}")
    deadline = time.monotonic() + 90
    if said.startswith("kill"):
        try:
            house.process.wait(90)
        except subprocess.TimeoutExpired:
            seen = Counter(each.status for each in site.clients.responses)
            pytest.fail(f"{said} was not met: {seen}, {house.log.read_text()[-2000:]}")
        site.gone(house, by=lambda: None)
    else:
        while site.hits() == before:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        site.clients.goes_on(20)
        site.keep_checkpoint(house)
        site.gone(house, by=house.stop)
    if beside is not None:
        site.clients.goes_on(10)
    site.done[said] += 1


def full_disk(site: Site, folder: Path) -> None:
    """Nothing guarded is answered while there is no room, and all is well when there is."""
    house = site.gateway()
    site.clients.goes_on(10)
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    site.clients.goes_on(5, status=503)
    ballast.unlink()
    site.clients.goes_on(10)
    site.keep_checkpoint(house)
    site.gone(house, by=house.stop)
    site.done["disk full"] += 1


def taken_away(site: Site, journal: Path) -> None:
    """The file is not where it was: nothing guarded is answered until it is back."""
    house = site.gateway()
    site.clients.goes_on(10)
    moved = journal.with_suffix(".away")
    journal.rename(moved)  # what a process would write now, nobody would find again
    site.clients.goes_on(5, status=503)
    moved.rename(journal)
    site.clients.goes_on(10)
    site.gone(house, by=house.stop)
    site.done["file taken away"] += 1


def killed_database(site: Site, server: Any, house: Any) -> None:
    server.kill()
    site.clients.goes_on(3, status=503)
    server.start()
    site.clients.goes_on(20)
    site.keep_checkpoint(house)
    site.done["database killed"] += 1


def restarted_database(site: Site, server: Any, house: Any) -> None:
    server.restart()
    site.clients.goes_on(20)
    site.done["database restarted"] += 1


def frozen_database(site: Site, server: Any, house: Any) -> None:
    server.freeze()
    try:
        site.clients.goes_on(2, status=503)
    finally:
        server.thaw()
    site.clients.goes_on(20)
    site.done["database frozen"] += 1


def ended_sessions(site: Site, server: Any, house: Any) -> None:
    with server.connect() as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename ~ 'jakelu'"
        )
    site.clients.goes_on(20)
    site.done["sessions ended"] += 1


# --- what is seen from outside ---------------------------------------------------------------


def exported(site: Site, house: Any) -> list[dict[str, Any]]:
    """The entries as an auditor gets them, which the auditor's programme has verified."""
    newest = _newest_seq(house)
    deadline = time.monotonic() + 60
    while _checkpoint_size(house) < newest:
        assert time.monotonic() < deadline, "no checkpoint over the last entry"
        time.sleep(0.2)
    folder = site.folder / "export"
    environment = {**os.environ, "JAKELU_SETTINGS_FILE": str(site.layout.serve_settings)}

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "gateway", "journal", *words]
        return subprocess.run(
            command, cwd=ROOT, env=environment, text=True, capture_output=True, check=True
        ).stdout

    key = run("key").strip()
    run("export", str(folder))
    kept = [part for path in site.checkpoints for part in ("--kept-checkpoint", str(path))]
    verifier = [sys.executable, str(ROOT / "tools" / "verify_journal.py"), str(folder)]
    verified = subprocess.run(
        [*verifier, "--log-key", key, *kept], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    with (folder / "entries.ndjson").open(encoding="utf-8") as lines:
        return [json.loads(line)["body"] for line in lines]


def _newest_seq(house: Any) -> int:
    after = 0
    while True:
        page = house.get("auditor", f"/v1/journal/entries?limit=1000&after={after}").json()
        if not page["entries"]:
            return after
        after = page["entries"][-1]["seq"]
        if page["next"] is None:
            return after


def _checkpoint_size(house: Any) -> int:
    answer = house.get("auditor", "/v1/journal/checkpoint")
    return int(answer.text.split("\n")[1]) if answer.status_code == 200 else 0


def check(site: Site, entries: list[dict[str, Any]]) -> dict[str, int]:
    """Hold every response and every fault to the journal. Gives the figures."""
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    by_trace = {entry["traceparent"][3:35]: entry for entry in entries if entry.get("traceparent")}
    by_event = {entry["event_id"]: entry for entry in entries}
    assert len(by_event) == len(entries)
    closed = {entry["intent_seq"]: entry for entry in entries if entry.get("intent_seq")}
    intents = [entry for entry in entries if entry["kind"] == "access.intent"]
    for response in site.clients.responses:
        if response.status == 503:
            assert response.receipt is None
            continue
        entry = by_trace.get(response.trace)
        assert entry is not None, f"a {response.status} without an entry"
        if response.status == 403:
            assert entry["kind"] == "access.denied"
            continue
        assert response.status in (200, 206), response
        assert (entry["kind"], entry["event_id"]) == ("access.intent", response.receipt)
        end = closed[entry["seq"]]
        if end["outcome"] != "unknown":
            assert end["bytes"] >= response.read
        if not response.is_whole:
            assert end["outcome"] != "complete" or end["bytes"] >= response.read
    told = [json.loads(line) for line in site.log.read_text().splitlines()]
    for fault in told:
        for event in fault["events"]:
            _check_fault(fault, by_event.get(event), closed)
    open_now = [entry for entry in intents if entry["seq"] not in closed]
    assert open_now == []
    outcomes = Counter(entry["outcome"] for entry in closed.values())
    statuses = Counter(each.status for each in site.clients.responses)
    return {
        "entries": len(entries),
        "responses": len(site.clients.responses),
        "refused (503)": statuses[503],
        "connections cut": site.clients.unanswered
        + sum(not each.is_whole for each in site.clients.responses),
        "unknown ends": outcomes["unknown"],
        "kept checkpoints": len(site.checkpoints),
        "faults": sum(site.done.values()),
    }


def _check_fault(fault: dict[str, Any], entry: Any, closed: dict[int, Any]) -> None:
    """In pairs: what was met before COMMIT was not persisted, and what was met after it was."""
    deed, step = fault["deed"], fault["step"]
    if deed == "kill" and step == "closing":
        assert entry is None  # the completion is not there: its intent's end is unknown
    elif deed == "kill" or (deed, step) == ("fail", "committed"):
        assert (entry is not None) == PERSISTED[step], fault
    elif (deed, step) == ("fail", "before"):
        assert entry is None or entry["kind"] == "access.completion", fault
    else:
        assert entry is not None, fault
    if deed == "kill" and entry is not None and entry["kind"] == "access.intent":
        assert closed[entry["seq"]]["outcome"] == "unknown"


# --- the campaigns ---------------------------------------------------------------------------


@pytest.fixture
def site(own, start, tmp_path, campaign) -> Iterator[Site]:
    clients = Clients(
        lambda: demo_token("municipality-bi", own.root, minutes=60),
        pause_seconds=0 if campaign.fault_rounds > 1 else 0.1,
    )
    found = Site(own, start, clients, tmp_path, {"JAKELU_CHECKPOINT_SECONDS": "1"})
    yield found
    clients.end()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path | None]:
    """A file system of its own; None where we may not make one."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    try:
        yield folder if made.returncode == 0 else None
    finally:
        if made.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_journal_in_a_file_stands_every_fault(
    site, campaign, capsys: pytest.CaptureFixture[str]
) -> None:
    every = max(3, campaign.entries // (4 * len(DEEDS) * campaign.fault_rounds))
    with small_disk(site.layout.journal.parent, 64) as disk:
        if disk is None:
            assert not campaign.is_complete, "a file system of its own needs the right to mount"
            site.done["disk full (not tried: nothing may be mounted here)"] = 0
        else:
            create_journal_key(site.layout.journal_key)
        site.clients.begin()
        for _ in range(campaign.fault_rounds):
            for said in _deeds(campaign, 0):
                in_the_process(site, said, beside=None, every=every)
            taken_away(site, site.layout.journal)
            if disk is not None:
                full_disk(site, disk)
        house = site.gateway()
        _write_the_rest(site, house, campaign.entries)
        figures = check(site, exported(site, house))
        house.stop()
    _tell(capsys, figures, site)


def test_a_journal_of_two_gateways_in_a_postgresql_stands_every_fault(
    site, campaign, new_postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    every = max(3, campaign.entries // (8 * len(DEEDS) * campaign.fault_rounds))
    with ExitStack() as opened:
        server = new_postgres()
        standby = server.synchronous_standby()
        opened.callback(standby.remove)
        url = _move_to(site, server, f"{server.folder},{standby.folder}")
        assert url
        beside = site.gateway()
        site.clients.begin()
        for _ in range(campaign.fault_rounds):
            for said in _deeds(campaign, 1):
                in_the_process(site, said, beside=beside, every=every)
            for fault in (killed_database, restarted_database, frozen_database, ended_sessions):
                fault(site, server, beside)
        server.kill()
        standby.promote()
        site.done["fail-over"] += 1
        _write_the_rest(site, beside, campaign.entries)
        figures = check(site, exported(site, beside))
        beside.stop()
    _tell(capsys, figures, site)


def _write_the_rest(site: Site, house: Any, entries: int) -> None:
    while True:
        site.clients.goes_on(20)
        if _checkpoint_size(house) >= entries:
            break
    site.clients.end()


def _deeds(campaign: Any, share: int) -> tuple[str, ...]:
    """All of them in a campaign; in the suite each store meets every other one."""
    return DEEDS if campaign.fault_rounds > 1 else DEEDS[share::2]


def _move_to(site: Site, server: Any, hosts: str) -> str:
    """The journal of the site's gateways is in a PostgreSQL, prepared as docs/operations.md says."""
    name = server.create_database()
    server.prepare(name)
    url = f"postgresql://jakelu_gateway@/{name}?host={hosts}"
    file = site.layout.serve_settings
    lines = [
        f"journal_url = '{url}'\nstate_path = '{site.folder / 'state.sqlite'}'"
        if line.startswith("journal_path")
        else line
        for line in file.read_text().splitlines()
    ]
    file.write_text("\n".join(lines) + "\n")
    subprocess.run(
        [sys.executable, "-m", "gateway", "database", "migrate"],
        cwd=ROOT,
        env={**os.environ, "JAKELU_SETTINGS_FILE": str(file)},
        check=True,
        capture_output=True,
    )
    return url


def _tell(capsys: pytest.CaptureFixture[str], figures: dict[str, int], site: Site) -> None:
    """The figures of a campaign, which docs/measurements.md keeps."""
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n{dict(site.done)}\n")
