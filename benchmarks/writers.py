"""
Eight writers against several workers that share a store: is an update lost, is there ever a 500, what does a killed worker lose?

    python -m benchmarks.writers                         # starts PostgreSQL itself (Debian's), on loopback
    python -m benchmarks.writers --store sqlite:///state.db --operations 2000

Each writer creates, changes, reads and deletes to-dos of its own, and all of them change the same few counters: a counter is
read, and written back one higher on condition that nobody else did in between (If-Match). Half of the way through, one worker
is killed (SIGKILL). In the end every acknowledged write has to be there, and each counter as high as it was acknowledged.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx2

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "benchmarks" / "documents" / "counters.yaml"
_COUNTERS = 4
_RETRIED = 5  # times that a request is sent whose connection broke


class Writer:
    """One client, with what it was told."""

    def __init__(self, number: int, url: str, tally: collections.Counter[str], lock: threading.Lock) -> None:
        self.random = random.Random(number)
        self.client = httpx2.Client(base_url=url, timeout=60.0)
        self.tally, self.lock = tally, lock
        self.own: dict[int, dict[str, object]] = {}
        self.gone: set[int] = set()
        self.unsure: set[int] = set()  # whose last write was not acknowledged
        self.added = collections.Counter[int]()
        self.perhaps = collections.Counter[int]()  # counts that may have been made, though nobody said so

    def ask(self, method: str, path: str, **options: object) -> httpx2.Response | None:
        """Send a request; None where the connection broke before there was an answer."""
        try:
            answer = self.client.request(method, path, **options)  # type: ignore[arg-type]
        except httpx2.TransportError:
            with self.lock:
                self.tally["connection broke"] += 1
            return None
        with self.lock:
            self.tally[f"{method} {answer.status_code}"] += 1
        return answer

    def step(self, counters: list[int]) -> None:
        """Do one thing."""
        choice = self.random.random()
        if choice < 0.4:
            self.count(self.random.choice(counters))
        elif choice < 0.65 or not self.own:
            self.create()
        elif choice < 0.85:
            self.change(self.random.choice(list(self.own)))
        elif choice < 0.95:
            self.read(self.random.choice(list(self.own)))
        else:
            self.remove(self.random.choice(list(self.own)))

    def count(self, key: int) -> None:
        """Read a counter and write it back one higher, until nobody was in between."""
        while True:
            read = self.ask("GET", f"/counters/{key}")
            if read is None:
                continue
            body = {"name": read.json()["name"], "value": read.json()["value"] + 1}
            written = self.ask("PUT", f"/counters/{key}", json=body, headers={"If-Match": read.headers["etag"]})
            if written is None:
                self.perhaps[key] += 1
                return
            if written.status_code == 200:
                self.added[key] += 1
                return

    def create(self) -> None:
        """Make one of its own."""
        made = self.ask("POST", "/counters", json={"name": f"t{self.random.random()}", "value": 0})
        if made is not None and made.status_code == 201:
            self.own[made.json()["id"]] = made.json()

    def change(self, key: int) -> None:
        """Change one of its own."""
        changed = self.ask("PATCH", f"/counters/{key}", content=json.dumps({"value": self.random.randrange(10**6)}),
                           headers={"content-type": "application/merge-patch+json"})  # fmt: skip
        if changed is None:
            self.unsure.add(key)
        elif changed.status_code == 200:
            self.own[key] = changed.json()
            self.unsure.discard(key)

    def read(self, key: int) -> None:
        """Read one of its own: as it was written."""
        found = self.ask("GET", f"/counters/{key}")
        if found is not None and key not in self.unsure and found.json() != self.own[key]:
            with self.lock:
                self.tally["read something else than was written"] += 1

    def remove(self, key: int) -> None:
        """Delete one of its own."""
        removed = self.ask("DELETE", f"/counters/{key}")
        if removed is None:
            self.unsure.add(key)
        elif removed.status_code == 204:
            del self.own[key]
            self.gone.add(key)


def main() -> int:
    """Run it; gives 1 where something was lost."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--store", help="else PostgreSQL is started")
    arguments.add_argument("--operations", type=int, default=10_000)
    arguments.add_argument("--writers", type=int, default=8)
    arguments.add_argument("--workers", type=int, default=2)
    chosen = arguments.parse_args()
    with contextlib.ExitStack() as stack:
        store = chosen.store or stack.enter_context(_postgres())
        url, server = stack.enter_context(_server(store, chosen.workers))
        return measure(url, server, chosen.writers, chosen.operations)


def measure(url: str, server: subprocess.Popen[str], count: int, operations: int) -> int:
    """Let the writers write; gives 1 where something was lost."""
    tally, lock = collections.Counter[str](), threading.Lock()
    with httpx2.Client(base_url=url) as client:
        counters = [client.post("/counters", json={"name": f"c{n}", "value": 0}).json()["id"] for n in range(_COUNTERS)]
    writers = [Writer(number, url, tally, lock) for number in range(count)]
    done = [0]
    killed = threading.Event()

    def write(writer: Writer) -> None:
        for _ in range(operations // count):
            writer.step(counters)
            with lock:
                done[0] += 1
                kill = done[0] >= operations // 2 and not killed.is_set()
                if kill:
                    killed.set()
            if kill:
                _kill_a_worker(server)

    started = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        list(pool.map(write, writers))
    seconds = time.perf_counter() - started
    wrong = _look(url, writers, counters)
    requests = sum(number for name, number in tally.items() if name != "connection broke")
    print(
        f"{operations:,} operations of {count} writers in {seconds:.1f} s: {operations / seconds:,.0f} a second, {requests:,} requests"
    )
    print("  " + ", ".join(f"{name}: {number:,}" for name, number in sorted(tally.items())))
    broken = sum(number for name, number in tally.items() if re.match(r"[A-Z]+ 5", name))
    differing = tally["read something else than was written"]
    print(f"  lost or wrong: {len(wrong)}, read wrong: {differing}, answers of 500 and more: {broken}")
    for line in wrong[:10]:
        print("   ", line)
    return 1 if wrong or broken or differing else 0


def _look(url: str, writers: list[Writer], counters: list[int]) -> list[str]:
    """Compare what was acknowledged with what is there."""
    wrong = []
    with httpx2.Client(base_url=url, timeout=60.0) as client:
        there = {thing["id"]: thing for thing in client.get("/counters").json()}
        for key in counters:
            sure, perhaps = sum(w.added[key] for w in writers), sum(w.perhaps[key] for w in writers)
            if not sure <= there[key]["value"] <= sure + perhaps:
                wrong.append(
                    f"counter {key} is {there[key]['value']}, acknowledged were {sure} (perhaps {perhaps} more)"
                )
        for writer in writers:
            wrong += [f"{key} is {there.get(key)}, not {thing}" for key, thing in writer.own.items()
                      if key not in writer.unsure and there.get(key) != thing]  # fmt: skip
            wrong += [f"{key} is back" for key in writer.gone if key in there]
    return wrong


def _kill_a_worker(server: subprocess.Popen[str]) -> None:
    children = subprocess.run(
        ["pgrep", "-P", str(server.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    print(f"killing worker {children[0]} of {len(children)}")
    os.kill(int(children[0]), signal.SIGKILL)


@contextlib.contextmanager
def _server(store: str, workers: int):  # noqa: ANN202 - of a script
    command = [sys.executable, "-m", "mock_server", "serve", str(DOCUMENT), "--stateful", "--store", store,
               "--workers", str(workers), "--port", "0", "--log-format", "none"]  # fmt: skip
    with tempfile.TemporaryFile("w+") as errors:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT)
        try:
            assert server.stdout is not None
            line = next(line for line in server.stdout if "listening on" in line)
            yield line.split()[-1], server
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


@contextlib.contextmanager
def _postgres():  # noqa: ANN202 - of a script
    sys.path.insert(0, str(ROOT))
    from tests.support.postgres import running_postgres

    with running_postgres(durable=True) as url:
        yield url


if __name__ == "__main__":
    sys.exit(main())
