"""
One run by one process, by two workers and by two Dask workers: the same bytes, how fast, how much memory.

    python -m benchmarks.scale [--count 1000000] [--status 400] [--kind invalid] [--rounds 3]

The runs of a round follow each other; what counts is the median of the ratios of each round.
"""

import argparse
import hashlib
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def peak(process: subprocess.Popen[bytes]) -> int:
    """The most memory that a process and those it started had so far, in MB."""
    most = 0
    todo = [process.pid]
    while todo:
        child = todo.pop()
        try:
            status = Path(f"/proc/{child}/status").read_text()
            todo += map(int, Path(f"/proc/{child}/task/{child}/children").read_text().split())
        except OSError:
            continue
        line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM 0 kB")
        most = max(most, int(line.split()[1]) // 1024)
    return most


def has_ended(process: subprocess.Popen[bytes], within: float) -> bool:
    """Wait for its end, but no longer than so many seconds."""
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--status", default="400")
    parser.add_argument("--kind", default="invalid")
    parser.add_argument("--only", default="one,workers,dask")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    base = [
        sys.executable,
        "-m",
        "mock_server",
        "payloads",
        "--kind",
        options.kind,
        "--status",
        options.status,
        "--count",
        str(options.count),
    ]
    names = options.only.split(",")
    rounds = [one_round(base, names, options.count) for _ in range(options.rounds)]
    digests = {found for taken in rounds for _, found in taken.values()}
    print("the same bytes" if len(digests) == 1 else "NOT the same bytes")
    for name in names[1:]:
        ratios = [taken[names[0]][0] / taken[name][0] for taken in rounds]
        print(
            f"{name}: {statistics.median(ratios):.2f} times as fast as {names[0]} ({min(ratios):.2f}-{max(ratios):.2f})"
        )


def one_round(base: list[str], names: list[str], count: int) -> dict[str, tuple[float, str]]:
    """Run each once: the seconds, and what was written."""
    done: dict[str, tuple[float, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        address = f"tcp://127.0.0.1:{free_port()}"
        flags = {"one": [], "workers": ["--workers", "2"], "dask": ["--scheduler", address]}
        for name in names:
            helpers = start_cluster(address, folder) if name == "dask" else []
            out = Path(folder) / name
            started, most = time.monotonic(), 0
            process = subprocess.Popen([*base, "--out", str(out), *flags[name]], stderr=subprocess.DEVNULL)
            while not has_ended(process, within=0.2):
                most = max([most, peak(process), *map(peak, helpers)])
            seconds = time.monotonic() - started
            for helper in helpers:
                helper.kill()
            done[name] = seconds, digest(out)
            size = out.stat().st_size
            out.unlink()
            said = f"{count / seconds:8.0f}/s  peak {most} MB a process  {size / 1e6:.0f} MB  {done[name][1][:16]}"
            print(f"{name:8} {seconds:7.1f} s  {said}", flush=True)
    return done


def start_cluster(address: str, folder: str) -> list[subprocess.Popen[bytes]]:
    port = address.rpartition(":")[2]
    words = {
        "scheduler": ["--host", "127.0.0.1", "--port", port, "--no-dashboard", "--no-show"],
        "worker": [address, "--nworkers", "1", "--nthreads", "1", "--no-nanny", "--no-dashboard"],
    }
    started = []
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    for name in ("scheduler", "worker", "worker"):
        command = [sys.executable, "-m", f"distributed.cli.dask_{name}", *words[name]]
        started.append(
            subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        )
        time.sleep(1.5)
    return started


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
