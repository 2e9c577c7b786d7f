"""kill -9 at random moments: no half release, no lost entry, no intent left open.

JAKELU_KILLS sets how many kills a test makes: few in the suite, twenty in `make soak`.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest

from gateway.adapters.releases_files import ReleaseFiles
from gateway.batch.demo_layout import DemoLayout
from gateway.batch.journal_key import create_journal_key
from gateway.batch.release_view import verify_release
from gateway.settings import SETTINGS_FILE, load_batch_settings

ROOT = Path(__file__).parents[2]
PRODUCTS = ("job-seeker-spells", "vacancies")
DOWNLOADS = (
    "/v1/rows/job-seeker-spells?area=39&format=parquet",
    "/v1/rows/job-seeker-spells?area=39&format=ndjson",
    "/v1/cubes/vacancies/data?geography=*&month=*&occupation=*&format=csv",
)
SMALL_BUFFER = 4096


def test_a_publisher_killed_at_any_moment_leaves_whole_releases_or_none(
    published, tmp_path, campaign
):
    layout = _copy(published, tmp_path / "demo", without=("releases",))
    settings = load_batch_settings({SETTINGS_FILE: str(layout.publish_settings)})
    chance = random.Random(20260630)
    longest = _publish(layout).wait_for_end()
    for _ in range(campaign.kills):
        shutil.rmtree(layout.releases)
        publisher = _publish(layout)
        publisher.kill_after(chance.uniform(0.05, longest))
        for product in PRODUCTS:
            for release in _listed(layout, product):
                verify_release(settings, product, release)
        assert _publish(layout).wait_for_end() > 0
        for product in PRODUCTS:
            listed = _listed(layout, product)
            assert len(listed) == 1
            verify_release(settings, product, listed[0])
            left = {path.name for path in (layout.releases / product).iterdir() if path.is_dir()}
            assert left == set(listed)


def test_a_server_killed_in_a_download_leaves_no_intent_open_and_no_false_complete(
    published, start, tmp_path, campaign
):
    layout = _copy(published, tmp_path / "demo", without=())
    chance = random.Random(20261122)
    received: dict[str, int] = {}
    house = start(layout)
    for kill in range(5 * campaign.kills):
        # A kill between two downloads cuts none: go on until one was cut.
        if kill >= campaign.kills and "unknown" in _outcomes(house):
            break
        threads = [
            threading.Thread(target=_pull_until_cut, args=(house, path, received))
            for path in DOWNLOADS
        ]
        for thread in threads:
            thread.start()
        begun = len(received)
        while len(received) < begun + len(threads):  # each has a download under way, or had one
            assert any(thread.is_alive() for thread in threads)
            time.sleep(0.01)
        time.sleep(chance.uniform(0.05, 1.5))
        house.kill()
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads), kill
        house = start(layout)
    entries = _all_entries(house)
    intents = {e["seq"]: e for e in entries if e["kind"] == "access.intent"}
    closed = {
        e["body"]["intent_seq"]: e["body"] for e in entries if e["kind"] == "access.completion"
    }
    assert intents.keys() == closed.keys()
    assert "unknown" in {body["outcome"] for body in closed.values()}
    by_event = {entry["event_id"]: closed[seq] for seq, entry in intents.items()}
    for event_id, count in received.items():
        completion = by_event[event_id]
        assert completion["outcome"] != "complete" or completion["bytes"] >= count
    house.stop()


def _pull_until_cut(house, path: str, received: dict[str, int]) -> None:
    """Fetch again and again, and note what arrived under the receipt that each answer carries."""
    bearer = {"Authorization": f"Bearer {house.token('municipality-bi')}"}
    with contextlib.suppress(httpx2.TransportError):
        for _ in range(1000):
            with httpx2.stream("GET", house.base + path, headers=bearer, timeout=20) as answer:
                assert answer.status_code == 200, answer.read()
                receipt = answer.headers["jakelu-receipt"]
                for chunk in answer.iter_raw(SMALL_BUFFER):
                    received[receipt] = received.get(receipt, 0) + len(chunk)


def _outcomes(house) -> set[str]:
    entries = _all_entries(house)
    return {e["body"]["outcome"] for e in entries if e["kind"] == "access.completion"}


def _all_entries(house) -> list[dict]:
    entries, after = [], 0
    while after is not None:
        page = house.get("auditor", f"/v1/journal/entries?limit=1000&after={after}").json()
        entries += page["entries"]
        after = page["next"]
        if len(entries) > 20_000:
            pytest.fail("the journal does not end")
    return entries


class _Publisher:
    def __init__(self, layout: DemoLayout) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "publish", *PRODUCTS],
            cwd=ROOT,
            env={**os.environ, SETTINGS_FILE: str(layout.publish_settings)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def wait_for_end(self) -> float:
        _, errors = self.process.communicate(timeout=300)
        assert self.process.returncode == 0, errors[-2000:]
        return time.monotonic() - self.started

    def kill_after(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.process.kill()
        self.process.communicate()


def _publish(layout: DemoLayout) -> _Publisher:
    return _Publisher(layout)


def _listed(layout: DemoLayout, product: str) -> list[str]:
    store = ReleaseFiles(layout.releases, public_keys=(layout.public_key.read_bytes(),))
    return [str(manifest.release) for manifest in store.list(product)]


def _copy(published: DemoLayout, root: Path, *, without: tuple[str, ...]) -> DemoLayout:
    shutil.copytree(
        published.root, root, ignore=shutil.ignore_patterns("done", "journal", *without)
    )
    layout = DemoLayout(root)
    layout.journal.parent.mkdir()
    create_journal_key(layout.journal_key)
    layout.releases.mkdir(exist_ok=True)
    layout.write_settings()
    return layout
