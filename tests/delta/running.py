"""The Delta Sharing client for Python as its users install it, and DuckDB with its extension for HTTP: in an environment
of their own, made once.

They want other versions of pandas, PyArrow and DuckDB than the gateway has: DuckDB's own installation of the
extension wants more of the network than tests have, and the Python index has it for some versions alone.
"""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE / ".venv"
PYTHON = FOLDER / "bin" / "python"
LIBRARIES = (
    FOLDER / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
)
EXTENSION = LIBRARIES / "duckdb_extension_httpfs" / "extensions"
INSTALL_SECONDS = 150
# Threads of PyArrow and of fsspec's loop can run into the end of the interpreter and abort it.
LEAVE = "\nimport os, sys\nsys.stdout.flush()\nos._exit(0)\n"


@cache
def missing_tools() -> str | None:
    """Why the client cannot run here, after trying to install it; None when it can."""
    wanted = (HERE / "requirements.txt").read_text(encoding="utf-8")
    done = FOLDER / "installed.txt"
    with (HERE / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.is_file() and done.read_text(encoding="utf-8") == wanted:
            return None
        try:
            venv.create(FOLDER, with_pip=True, clear=True)
            subprocess.run(
                [PYTHON, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"],
                check=True,
                capture_output=True,
                timeout=INSTALL_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as fault:
            return f"the Delta Sharing client cannot be installed ({type(fault).__name__})"
        done.write_text(wanted, encoding="utf-8")
    return None


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A script in the client's environment; it is told nothing of ours but its arguments."""
    return subprocess.Popen(
        [PYTHON, "-c", script + LEAVE, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"NO_PROXY": "127.0.0.1"},
    )


def run(script: str, *arguments: object) -> object:
    """What a script prints, as JSON."""
    process = start(script, *arguments)
    told, said = process.communicate(timeout=90)
    if process.returncode:
        raise AssertionError(said[-3000:])
    return json.loads(told)
