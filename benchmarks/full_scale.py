"""The whole house at scale 1.0: seconds and peak memory of building, publishing and serving.

Usage: .venv/bin/python benchmarks/full_scale.py [--scale 1.0] [--dir .full-scale]
Prints Markdown rows for docs/measurements.md. Each step is a process of its own, so that the peak
memory is that step's; a server's memory is the highest of its processes' resident sets, sampled.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway.batch.demo import demo_token
from gateway.batch.demo_layout import DemoLayout
from gateway.batch.demo_server import stripped_environment
from gateway.settings import SETTINGS_FILE

PORT = 18080
PREPARE = """
import sys
from pathlib import Path
from gateway.batch.demo import prepare_demo
prepare_demo(Path(sys.argv[1]), scale=float(sys.argv[2]))
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scale", type=float, default=1.0)
    arguments.add_argument("--dir", type=Path, default=Path(".full-scale"))
    chosen = arguments.parse_args()
    shutil.rmtree(chosen.dir, ignore_errors=True)
    layout = DemoLayout(chosen.dir)
    publishing = {**os.environ, SETTINGS_FILE: str(layout.publish_settings)}
    print("| step | seconds | peak MB |\n|---|--:|--:|")
    timed(
        "build the warehouse", [sys.executable, "-c", PREPARE, str(chosen.dir), str(chosen.scale)]
    )
    timed(
        "publish all products, the newest month of attacked cubes",
        [sys.executable, "-m", "gateway", "publish"],
        publishing,
    )
    serve(layout)


def timed(title: str, command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run a step to its end; its peak is the kernel's own count for that child."""
    started = time.monotonic()
    child = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{title}: exit code {os.waitstatus_to_exitcode(status)}")
    print(
        f"| {title} | {time.monotonic() - started:.1f} | {peak_megabytes(usage):.0f} |", flush=True
    )


def peak_megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024


def serve(layout: DemoLayout) -> None:
    """Serve the largest slice in each format, and print what the server's memory rose to."""
    server = subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve", "--port", str(PORT)],
        env=stripped_environment(layout),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        base = f"http://127.0.0.1:{PORT}"
        wait_for(f"{base}/health/ready")
        bearer = {
            "Authorization": f"Bearer {demo_token('municipality-bi', layout.root, minutes=60)}"
        }
        fetch(f"{base}/v1/me", bearer)
        idle = resident_megabytes(server.pid)
        print(
            f"\nidle server: {idle:.0f} MB\n\n| answer | seconds | MB sent | MB above idle |\n|---|--:|--:|--:|"
        )
        for output in ("parquet", "arrow", "csv", "ndjson"):
            path = f"/v1/rows/job-seeker-spells?area=39&format={output}"
            row(f"rows, area 39, {output}", f"{base}{path}", bearer, server.pid, idle)
        cube = "/v1/cubes/job-seekers/data?geography=*&measure=*"
        for output in ("json-stat2", "csv"):
            path = f"{base}{cube}&format={output}"
            row(f"cube, every place, {output}", path, bearer, server.pid, idle)
    finally:
        server.terminate()
        server.wait()


def row(title: str, url: str, headers: dict[str, str], pid: int, idle: float) -> None:
    peak, stop = [0.0], threading.Event()

    def sample() -> None:
        while not stop.wait(0.005):
            peak[0] = max(peak[0], resident_megabytes(pid))

    watcher = threading.Thread(target=sample)
    watcher.start()
    started = time.monotonic()
    sent = fetch(url, headers)
    seconds = time.monotonic() - started
    stop.set()
    watcher.join()
    print(
        f"| {title} | {seconds:.2f} | {sent / 1e6:.1f} | {max(0.0, peak[0] - idle):.0f} |",
        flush=True,
    )


def fetch(url: str, headers: dict[str, str]) -> int:
    """Read an answer to its end and throw it away. Returns its bytes."""
    total = 0
    with urllib.request.urlopen(
        urllib.request.Request(url, headers=headers), timeout=300
    ) as answer:
        while chunk := answer.read(1 << 20):
            total += len(chunk)
    return total


def wait_for(url: str) -> None:
    for _ in range(600):
        try:
            fetch(url, {})
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server is not ready")


def resident_megabytes(pid: int) -> float:
    """Anonymous memory of a process and its children: file pages that the kernel may drop do not count."""
    total = 0
    for member in family(pid):
        with Path(f"/proc/{member}/status").open(encoding="ascii") as status:
            total += sum(int(line.split()[1]) for line in status if line.startswith("RssAnon"))
    return total / 1024


def family(pid: int) -> list[int]:
    children: Callable[[int], Path] = lambda member: Path(f"/proc/{member}/task/{member}/children")  # noqa: E731
    found, queue = [], [pid]
    while queue:
        member = queue.pop()
        found.append(member)
        queue += [int(child) for child in children(member).read_text().split()]
    return found


if __name__ == "__main__":
    main()
