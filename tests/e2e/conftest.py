"""The whole house, once per test run: warehouse, releases, a running server, and tokens."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from joserfc.jwk import ECKey
from playwright.sync_api import Page, sync_playwright

from gateway.adapters.demo_issuer import PERSONAS
from gateway.batch.demo import demo_token
from gateway.batch.demo_layout import DemoLayout
from gateway.batch.journal_key import create_journal_key
from gateway.settings import SETTINGS_FILE

SCALE = "0.02"
# One caller does here in a second what many do in a day.
GENEROUS = """
[limits]
extract_places = 1000
[limits.person]
requests_per_minute = 1_000_000
burst = 10_000
concurrent_extracts = 100
bytes_per_day = 1_000_000_000_000
"""
ROOT = Path(__file__).parents[2]
PEOPLE = ("municipality-bi", "ely-analyst", "stranger", "auditor")
PROVIDER = ROOT / "tests" / "provider" / "running.py"
AXE = ROOT / "tests" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
NARROW, WIDE, HIGH = 320, 1280, 900
# Of all that axe-core knows: every rule of WCAG 2.0 and 2.1 on levels A and AA, and its advice beyond.
RUN_AXE = """() => axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
}).then(found => found.violations.map(each =>
    `${each.id}: ${each.nodes.map(node => node.html.slice(0, 200)).join(" | ")}`))"""


@dataclass(frozen=True)
class House:
    """A published demo and its server."""

    layout: DemoLayout
    base: str
    process: subprocess.Popen[bytes]
    log: Path

    def token(self, persona: str) -> str:
        return demo_token(persona, self.layout.root, minutes=60)

    def get(self, persona: str | None, path: str, **headers: str) -> httpx2.Response:
        if persona:
            headers["Authorization"] = f"Bearer {self.token(persona)}"
        return httpx2.get(self.base + path, headers=headers, timeout=60)

    def kill(self) -> None:
        """kill -9 of the server and its worker."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> DemoLayout:
    """The demo's folder after publishing, built once for all test workers; never written by tests."""
    shared = tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else None
    folder = (shared or tmp_path_factory.getbasetemp()) / "published-demo"
    with (folder.parent / "published-demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            command = ["demo", "--publish-only", "--scale", SCALE, "--dir", str(folder)]
            built = jakelu(command)
            if built.returncode:
                pytest.fail(f"the demo cannot be built: {built.stderr[-2000:]}")
            (folder / "done").touch()
    return DemoLayout(folder)


@pytest.fixture
def own(published, tmp_path) -> DemoLayout:
    """A copy of what is served, which a test may damage."""
    layout = DemoLayout(tmp_path / "demo")
    ignored = shutil.ignore_patterns("done", "journal", "private", "*.arrow")
    shutil.copytree(published.root, layout.root, ignore=ignored)
    layout.journal.parent.mkdir()
    create_journal_key(layout.journal_key)
    layout.write_settings()
    return layout


def jakelu(arguments: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its user does."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="session")
def start(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., House]]:
    """Start a stripped server on a copy of nothing but the layout's serve settings."""
    from gateway.batch.demo_server import stripped_environment

    houses: list[House] = []

    def started(
        layout: DemoLayout,
        wrapper: tuple[str, ...] = (),
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> House:
        port = port or _free_port()
        log = tmp_path_factory.mktemp("log") / "serve.log"
        written_settings = log.with_name("serve.toml")
        written_settings.write_text(layout.serve_settings.read_text() + GENEROUS)
        with log.open("wb") as written:
            process = subprocess.Popen(
                [*wrapper, sys.executable, "-m", "gateway", "serve", "--port", str(port)],
                cwd=ROOT,
                env=stripped_environment(layout)
                | {SETTINGS_FILE: str(written_settings)}
                | dict(settings or {}),
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that a kill reaches the server's worker process too
            )
        house = House(layout, f"http://127.0.0.1:{port}", process, log)
        houses.append(house)
        wait_until_ready(house)
        return house

    yield started
    for house in houses:
        house.kill()


@pytest.fixture(scope="session")
def house(published: DemoLayout, start: Callable[..., House]) -> House:
    """One server for all reading tests of a worker."""
    return start(published)


@dataclass
class Site:
    """A gateway with a login, its provider, and where the journal is."""

    base: str
    provider: Any
    house: House
    password: str

    def log_in(self, page: Any, persona: str, path: str) -> None:
        """As a person does: to a page, to the provider, and back to the page."""
        page.goto(f"{self.base}{path}")
        page.get_by_label("Name").fill(PERSONAS[persona].subject)
        page.get_by_label("Password").fill(self.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.base}{path}")


@pytest.fixture(scope="session")
def site(published, start, providers, provider_tools, free_port, tmp_path_factory) -> Site:
    """One for all tests with a browser, whose journal is signed."""
    folder = tmp_path_factory.mktemp("login")
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"})
    key_path = folder / "login-key.pem"
    key_path.write_bytes(key.as_pem(private=True))
    key_path.chmod(0o600)
    password = secrets.token_urlsafe(12)
    provider = providers(
        folder=folder,
        resource=base,
        login_client=provider_tools.login_client("jakelu-portal", base, key),
        accounts=[provider_tools.account(persona, password) for persona in PEOPLE],
    )
    settings = {
        "JAKELU_ISSUERS": json.dumps([{"issuer": provider.issuer, "jwks": provider.jwks}]),
        "JAKELU_PUBLIC_URL": base,
        "JAKELU_JOURNAL_PATH": str(folder / "journal.sqlite"),
        "JAKELU_LOGIN_ISSUER": provider.issuer,
        "JAKELU_LOGIN_CLIENT_ID": "jakelu-portal",
        "JAKELU_LOGIN_KEY_PATH": str(key_path),
    }
    return Site(base, provider, start(published, port=port, settings=settings), password)


@pytest.fixture(scope="module")
def people_browser(needs: Callable[[str | None], None]) -> Iterator[Any]:
    """Of one file: while it is open its event loop runs in this thread, where no other could begin."""
    path = shutil.which("chromium")
    needs(None if path else "Chromium is not installed")
    with sync_playwright() as playwright:
        # Chromium has no sandbox for root, which is who runs tests in a container.
        browser = playwright.chromium.launch(
            executable_path=path, chromium_sandbox=os.geteuid() != 0
        )
        yield browser
        browser.close()


@pytest.fixture
def keep_picture() -> Callable[[Page, str], None]:
    """For people who want to see: SCREENSHOTS=folder."""
    folder = os.environ.get("SCREENSHOTS")

    def keep(page: Page, name: str) -> None:
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return keep


@pytest.fixture
def check_barriers(
    needs: Callable[[str | None], None], keep_picture: Callable[[Page, str], None]
) -> Callable[[Page, str], None]:
    """Whether the page that is open has a barrier that axe-core knows of, wide and narrow.

    axe-core knows the rules of WCAG 2.1 AA that a machine can judge; it is put into the page as the
    developer's tools would, beside the page's own policy, which allows no script.
    """
    needs(None if AXE.is_file() else "axe-core is not installed; run `make provider`")

    def check(page: Page, name: str) -> None:
        page.set_viewport_size({"width": WIDE, "height": HIGH})
        page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true; })")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": HIGH})
            assert page.evaluate(RUN_AXE) == [], f"{name}, {width}"
            beyond = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
            assert beyond <= 0, f"{name}, {width}: it scrolls sideways"
            keep_picture(page, f"{name}-{width}")

    return check


@pytest.fixture(scope="session")
def provider_tools() -> ModuleType:
    """`tests/provider/running.py`."""
    return _loaded("running_provider", PROVIDER)


@pytest.fixture(scope="session")
def providers(
    needs: Callable[[str | None], None], provider_tools: ModuleType
) -> Iterator[Callable[..., Any]]:
    """Start a real identity provider; each is stopped at the end."""
    needs(provider_tools.missing_tools())
    started: list[Any] = []

    def start_provider(**settings: Any) -> Any:
        provider = provider_tools.Provider(**settings)
        started.append(provider)
        return provider.start()

    yield start_provider
    for provider in started:
        provider.stop()


def _loaded(name: str, path: Path) -> ModuleType:
    """A module of the tests by its path: there are no packages of tests to import from."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def wait_until_ready(house: House) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if house.process.poll() is not None:
            break
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(house.base + "/health/ready", timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    pytest.fail(f"the server is not ready: {house.log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    return _free_port


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
