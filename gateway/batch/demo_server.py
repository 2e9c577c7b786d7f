"""The demo's server: a child without the warehouse, the keys, or any word of where they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import typer

from gateway.batch.demo_layout import DemoLayout
from gateway.errors import SettingsFault, Unavailable
from gateway.settings import PREFIX, SETTINGS_FILE

READY_SECONDS = 30
PUBLIC_URL = f"{PREFIX}PUBLIC_URL"
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "VIRTUAL_ENV")


def serve_demo(directory: Path, *, port: int) -> int:
    """Start `jakelu serve` as a stripped child, print examples, and wait for it. Returns its exit code."""
    layout = DemoLayout(directory)
    if not layout.serve_settings.exists():
        raise SettingsFault(
            f"There is no demo in {directory}: run `jakelu demo` once without --serve-only."
        )
    with _private_half_closed(layout):
        child = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            [sys.executable, "-m", "gateway", "serve", "--port", str(port)],
            env=stripped_environment(layout) | {PUBLIC_URL: f"http://127.0.0.1:{port}"},
        )
        previous = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        try:
            _wait_until_ready(child, port)
            typer.echo(examples(directory, port))
            return child.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            signal.signal(signal.SIGTERM, previous)
            child.terminate()
            child.wait()


def stripped_environment(layout: DemoLayout) -> dict[str, str]:
    """What the child may know: how to run Python, and the settings of the serve road."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {**kept, SETTINGS_FILE: str(layout.serve_settings)}


@contextmanager
def _private_half_closed(layout: DemoLayout) -> Generator[None]:
    """Take the warehouse and the keys out of reach while serving.

    Modes bind every user but root; a real installation gives the two roads two users.
    """
    layout.private.chmod(0o000)
    try:
        yield
    finally:
        layout.private.chmod(0o700)


def _wait_until_ready(child: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Unavailable(f"The server ended at once with exit code {child.returncode}.")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise Unavailable(f"The server was not ready on port {port} in {READY_SECONDS} s.")


def examples(directory: Path, port: int) -> str:
    """Lines to paste into another terminal."""
    jakelu = f"{Path(sys.argv[0])}" if sys.argv[0].endswith("jakelu") else "jakelu"
    where = "" if directory == Path(".demo") else f" --dir {directory}"
    base = f"http://127.0.0.1:{port}"

    def curl(persona: str, path: str, options: str = "") -> str:
        bearer = f'-H "Authorization: Bearer $({jakelu} token {persona}{where})"'
        return f"curl -sS {options}{bearer} '{base}{path}'"

    return "\n".join(
        (
            "",
            f"Jakelu serves synthetic data on {base}. Paste a line into another terminal, from this folder.",
            "",
            "# Who am I, what do I see, and why not the rest",
            curl("municipality-bi", "/v1/me"),
            "# The rows of the own area, as Parquet and as CSV",
            curl(
                "municipality-bi",
                "/v1/rows/job-seeker-spells?area=39&format=parquet",
                "--fail -o spells.parquet ",
            ),
            curl("municipality-bi", "/v1/rows/job-seeker-spells?area=39&format=csv")
            + " 2>&- | head -5",
            "# A cube slice: job seekers and unemployed in the whole country and in area 39",
            curl(
                "ely-analyst",
                "/v1/cubes/job-seekers/data?geography=SSS,TA39&measure=job_seekers,unemployed&lang=en",
            ),
            "# Refused, with the reason: rows are not for centres",
            curl("ely-analyst", "/v1/rows/job-seeker-spells?area=39"),
            "# Refused: a stranger",
            curl("stranger", "/v1/rows/job-seeker-spells?area=39"),
            "# Who got what, when, on what ground",
            curl("auditor", "/v1/journal/entries?limit=20"),
            "",
            f"The API: {base}/docs    Stop with Ctrl-C.",
            "",
        )
    )
