"""
Mixed traffic for minutes, and what a server holds meanwhile: state, worlds, journals, callbacks and faults at once.

    python -m benchmarks.soak --seconds 300 --memory 32

Four clients create, read, list, change and delete things of 20 KB, in a new world for each 50 requests, with callbacks to a
listener of ours, while answers meet delays and faults. The resident memory of the process is read from /proc each second. It is
level where its highest value after the first fifth of the time (a minute of five) is within a tenth of that at its end; and what the
server says it keeps (`/metrics`) is within the budget.
"""

import argparse
import http.client
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.places import ROOT

_CLIENTS: Final = 4
_PER_WORLD: Final = 50  # requests
_SIZE: Final = 20_000  # characters of a thing
_SLACK: Final = 1.1  # times the level at the end of the first fifth
_BETWEEN: Final = 1.05  # times the budget: between two looks of the server at what it keeps, eight exchanges may come
_PAGE: Final = 4_096  # bytes
_THING: Final = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "url": {"type": "string"}},
}
_BODY: Final = {"required": True, "content": {"application/json": {"schema": _THING}}}
_ONE: Final = {"description": "", "content": {"application/json": {"schema": _THING}}}
_MANY: Final = {"description": "", "content": {"application/json": {"schema": {"type": "array", "items": _THING}}}}
_CALLBACK: Final = {"{$request.body#/url}": {"post": {"requestBody": _BODY, "responses": {"2XX": {"description": ""}}}}}
_ID: Final = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]
_DOCUMENT: Final = {
    "openapi": "3.1.0",
    "info": {"title": "Soak", "version": "1"},
    "paths": {
        "/things": {
            "get": {"operationId": "list", "responses": {"200": _MANY}},
            "post": {
                "operationId": "make",
                "requestBody": _BODY,
                "responses": {"201": _ONE},
                "callbacks": {"made": _CALLBACK},
            },
        },
        "/things/{id}": {
            "parameters": _ID,
            "get": {"operationId": "read", "responses": {"200": _ONE, "404": {"description": ""}}},
            "put": {"operationId": "change", "requestBody": _BODY, "responses": {"200": _ONE}},
            "delete": {"operationId": "remove", "responses": {"204": {"description": ""}}},
        },
    },
}


@dataclass
class Soaked:
    """What was seen."""

    memory: int  # bytes of the budget
    resident: list[int] = field(default_factory=list)  # bytes, each second
    statuses: Counter[str] = field(default_factory=Counter)
    callbacks: int = 0
    kept: int = 0  # bytes that the server says it keeps, at most
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def level(self) -> int:
        """The resident memory at the end of the first fifth."""
        end = max(len(self.resident) // 5, 1)
        return int(statistics.median(self.resident[max(end - 5, 0) : end + 5]))

    @property
    def is_level(self) -> bool:
        """Whether it stayed there, and within the budget."""
        after = self.resident[len(self.resident) // 5 :]
        return max(after) <= self.level * _SLACK and self.kept <= self.memory * _BETWEEN

    def describe(self) -> str:
        """Write it in a line."""
        mib = 1 << 20
        sent = sum(self.statuses.values())
        return (
            f"{len(self.resident)} s, {sent:,} requests ({dict(self.statuses.most_common())}), {self.callbacks:,} callbacks; resident"
            f" {self.resident[0] / mib:.0f} MB at the start, {self.level / mib:.0f} after a fifth of the time, at most"
            f" {max(self.resident) / mib:.0f}, {self.resident[-1] / mib:.0f} at the end; kept at most {self.kept / mib:.1f} of"
            f" {self.memory / mib:.0f} MB; dropped {dict(self.dropped)}"
        )


def soak(seconds: float, memory: int) -> Soaked:
    """Load a server of its own for some seconds."""
    soaked, over = Soaked(memory), threading.Event()
    hears = ThreadingHTTPServer(("127.0.0.1", 0), _hearing(soaked))
    threading.Thread(target=hears.serve_forever, daemon=True).start()
    port = hears.server_address[1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.json"
        path.write_text(json.dumps(_DOCUMENT))
        faults = [
            "--fault",
            "error:503@2%",
            "--fault",
            "reset@1%",
            "--fault",
            "truncate@1%",
            "--fault",
            "dribble:20@1%",
        ]
        command = [
            sys.executable,
            "-m",
            "mock_server",
            "serve",
            str(path),
            "--port",
            "0",
            "--stateful",
            "--memory",
            str(memory),
            *faults,
        ]
        command += ["--callbacks-to", f"127.0.0.1:{port}", "--log-format", "none", "--journal", "100"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
        try:
            own = _find_port(server)
            clients = [
                threading.Thread(target=_ask, args=(own, port, number, soaked, over), daemon=True)
                for number in range(_CLIENTS)
            ]
            for client in clients:
                client.start()
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                soaked.resident.append(int(Path(f"/proc/{server.pid}/statm").read_text().split()[1]) * _PAGE)
                _read_metrics(own, soaked)
                time.sleep(1)
            over.set()
            for client in clients:
                client.join(30)
        finally:
            server.terminate()
            server.wait(30)
            hears.shutdown()
            hears.server_close()
    return soaked


def _find_port(server: "subprocess.Popen[str]") -> int:
    for line in server.stdout or ():
        found = re.search(r"listening on +http://[^:]+:(\d+)", line)
        if found is not None:
            threading.Thread(target=lambda: [None for _ in server.stdout or ()], daemon=True).start()
            return int(found[1])
    raise OSError("the server did not start")


def _hearing(soaked: Soaked) -> type[BaseHTTPRequestHandler]:
    class Hearing(BaseHTTPRequestHandler):
        """Takes callbacks."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            soaked.callbacks += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
            """Nobody reads it."""

    return Hearing


def _ask(port: int, hears: int, client: int, soaked: Soaked, over: threading.Event) -> None:
    """Send requests until the time is over."""
    random = Random(client)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    number = 0
    while not over.is_set():
        number += 1
        fields = {"X-Mock-World": f"soak-{client}-{number // _PER_WORLD}", "Content-Type": "application/json"}
        thing = {
            "id": 1_000_000 + number,
            "name": "n" * random.randrange(_SIZE),
            "url": f"http://127.0.0.1:{hears}/made",
        }
        recent = f"/things/{1_000_000 + number - random.randrange(1, 6)}"
        method, target = random.choice(
            (
                ("POST", "/things"),
                ("POST", "/things"),
                ("GET", "/things"),
                ("GET", recent),
                ("PUT", recent),
                ("DELETE", recent),
            )
        )
        body = json.dumps(thing) if method in {"POST", "PUT"} else None
        try:
            connection.request(method, target, body, fields)
            answer = connection.getresponse()
            answer.read()
            soaked.statuses[str(answer.status)] += 1
        except (http.client.HTTPException, OSError):  # a fault, on purpose
            soaked.statuses["broken off"] += 1
            connection.close()
    connection.close()


def _read_metrics(port: int, soaked: Soaked) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with suppress(http.client.HTTPException, OSError):
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        kept = sum(float(value) for value in re.findall(r"^mock_server_memory_bytes\{.*\} (\S+)$", text, re.MULTILINE))
        soaked.kept = max(soaked.kept, int(kept))
        found = re.findall(r'^mock_server_memory_dropped_total\{kind="([^"]+)"\} (\S+)$', text, re.MULTILINE)
        soaked.dropped = Counter({kind: int(float(count)) for kind, count in found})
    connection.close()


def main() -> int:
    """Soak, and say what was seen; 1 where the memory did not stay level."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--memory", type=int, default=32, help="MB of the budget")
    given = parser.parse_args()
    soaked = soak(given.seconds, given.memory << 20)
    print(soaked.describe())
    return 0 if soaked.is_level else 1


if __name__ == "__main__":
    raise SystemExit(main())
