"""docs/audit.md: every command that it shows is run, and prints what the page says that it prints."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "audit.md"
LANGUAGES = ("## Suomeksi", "## In English")


@pytest.fixture(scope="module")
def commands(page_tools: ModuleType) -> Callable[[str], list[tuple[str, str]]]:
    """The commands of one half of the page, each with what it prints."""

    def of(language: str) -> list[tuple[str, str]]:
        halves = re.split(r"^(?=## )", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (half,) = [each for each in halves if each.startswith(language)]
        return page_tools.read_commands(half)

    return of


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_prints_what_the_page_shows(
    language: str, tmp_path: Path, commands: Callable, page_tools: ModuleType
) -> None:
    """In a folder of the auditor's own, with the verifier beside the example, and nothing of the gateway."""
    folder = tmp_path / "audit"
    shutil.copytree(ROOT / "docs" / "audit-example", folder)
    shutil.copy(ROOT / "tools" / "verify_journal.py", folder)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    environment = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    shown = commands(language)
    assert len(shown) == 4
    for command, printed in shown:
        ran = page_tools.run_command(command, folder=folder, environment=environment)
        assert ran.stdout + ran.stderr == printed, command
        assert ran.returncode == int("VÄÄRIN" in printed or "wrong:" in printed)


def test_both_languages_show_the_same_commands(commands: Callable) -> None:
    def plain(language: str) -> list[str]:
        return [command.removesuffix(" --language fi") for command, _ in commands(language)]

    finnish, english = map(plain, LANGUAGES)
    assert finnish == english


def test_the_example_names_nobody() -> None:
    """No address, no identity code, and only the demo's made-up callers."""
    for path in (ROOT / "docs" / "audit-example").rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert re.search(r"\b\d{6}[-+A-FU-Y]\d{3}[0-9A-Z]\b", text) is None
            assert re.search(r"\b\d{1,3}(\.\d{1,3}){3}\b", text) is None
