"""Pages whose commands and code are run, and print what the page says that they print.

Two forms stand on a page. A fence `console` holds commands after `$ ` with what each of them prints. A fence
of a programming language holds code; a fence `text` right after it holds what it prints, else it prints nothing.
Fences of one language that follow each other are one session, so names live on, as for who types them.
A fence of a program that cannot run here has the words of NOT_RUN before it, for the reader to see.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

NOT_RUN = "The tests do not run this block"
DATA = frozenset({"text", "json", "csv"})
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_MARK = "\x1e"
_MARKS = {
    "python": f"print({_MARK!r}, flush=True)",
    "sh": "printf '\\036\\n'",
    "r": 'cat("\\036\\n")',
}
PROGRAMS = {"python": "python3", "sh": "bash", "r": "Rscript"}
_OPTIONS = {"sh": ("-euo", "pipefail")}
SECONDS = 60


@dataclass(frozen=True, slots=True)
class Block:
    """printed: what the page shows that it prints. is_run: whether the page does not say otherwise."""

    language: str
    text: str
    printed: str
    is_run: bool


def read_commands(page: str) -> list[tuple[str, str]]:
    """The commands of the `console` fences, each with what it prints."""
    found = []
    for language, block in _FENCE.findall(page):
        if language == "console":
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, printed = part.partition("\n")
                found.append((command, printed))
    return found


def read_blocks(page: str) -> list[Block]:
    """The fences with code, in order; those with data or output are none."""
    fences = list(_FENCE.finditer(page))
    found = []
    for i, fence in enumerate(fences):
        language, text = fence.groups()
        if language in DATA:
            continue
        after = fences[i + 1] if i + 1 < len(fences) else None
        is_shown = after and after[1] == "text" and not page[fence.end() : after.start()].strip()
        before = page[fences[i - 1].end() if i else 0 : fence.start()]
        words = " ".join(before.strip().split("\n\n")[-1].split())
        is_run = NOT_RUN not in words
        found.append(Block(language, text, after[2] if is_shown else "", is_run))
    return found


def run_command(
    command: str, *, folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return _run(["bash", "-c", command], folder, environment)


def check_blocks(blocks: Sequence[Block], *, folder: Path, environment: Mapping[str, str]) -> None:
    """Run those that are run, in a folder where files stay; each prints what the page shows."""
    shown = [block for block in blocks if block.is_run]
    for number, (language, session) in enumerate(groupby(shown, key=lambda each: each.language)):
        together = list(session)
        script = folder / f".session-{number}"
        script.write_text(f"\n{_MARKS[language]}\n".join(block.text for block in together))
        ran = _run([PROGRAMS[language], *_OPTIONS.get(language, ()), script], folder, environment)
        assert ran.returncode == 0, f"{ran.stderr[-3000:]}\n{ran.stdout[-1000:]}"
        printed = ran.stdout.split(f"{_MARK}\n")
        assert len(printed) == len(together)
        for block, told in zip(together, printed, strict=True):
            assert told == block.printed, f"this printed\n{told}\n{block.text}"


def _run(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
    )
