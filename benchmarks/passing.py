"""
What the proxy costs: memory while large bodies pass, and time for each small exchange.

    .venv/bin/python -m benchmarks.passing

The real server is a bare ASGI application on uvicorn; it, the proxy and the client run on one machine.
"""

import http.client
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIECE = bytes(1 << 20)
LARGE = 1024  # pieces
ASKED = 2_000
DOCUMENT = """
openapi: 3.0.3
info: {title: T, version: "1"}
paths:
  /item: {get: {operationId: item, responses: {"200": {description: "", content: {application/json: {schema: {type: object, required: [id],
    properties: {id: {type: integer}, name: {type: string}}}}}}}}}
  /file:
    get: {operationId: file, responses: {"200": {description: "", content: {application/octet-stream: {}}}}}
    put: {operationId: put, requestBody: {content: {application/octet-stream: {}}}, responses: {"204": {description: ""}}}
"""
ITEM = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n{"id": 1, "name": "Ann"}'


def talk(connection: socket.socket) -> None:
    """Answer on one connection: a file, an upload, or a small item."""
    with connection:
        head = b""
        while True:
            while b"\r\n\r\n" not in head:
                data = connection.recv(1 << 20)
                if not data:
                    return
                head += data
            first, _, head = head.partition(b"\r\n\r\n")
            if first.startswith(b"GET /file"):
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"
                    % (LARGE << 20)
                )
                for _ in range(LARGE):
                    connection.sendall(PIECE)
            elif first.startswith(b"PUT"):
                left = (LARGE << 20) - len(head)
                while left:
                    left -= len(connection.recv(min(1 << 20, left)))
                head = b""
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            else:
                connection.sendall(ITEM)


@contextmanager
def real_server() -> Iterator[int]:
    """A server of threads; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        threading.Thread(target=run, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(port: int, *flags: str) -> Iterator[tuple[int, int]]:
    """A proxy before a server; gives its port and process id."""
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "openapi.yaml"
        document.write_text(DOCUMENT)
        command = [
            sys.executable,
            "-m",
            "mock_server",
            "proxy",
            f"http://127.0.0.1:{port}",
            str(document),
            "--port",
            "0",
            "--log-format",
            "none",
        ]
        process = subprocess.Popen(
            [*command, *flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
        )
        assert process.stdout is not None
        banner = ""
        while "  the mock" not in banner:
            banner += process.stdout.readline()
        found = re.search(r"passes on +http://127\.0\.0\.1:(\d+)", banner)
        assert found
        yield int(found.group(1)), process.pid
        process.terminate()
        process.communicate(timeout=20)


def memory(pid: int, name: str) -> float:
    """Memory of a process in MB: VmRSS now, VmHWM at most."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0


def cpu(pid: int) -> float:
    """Seconds of CPU that a process took."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def ask(port: int, method: str, path: str, body: object = None) -> float:
    """Send a request and read its answer; gives seconds."""
    started = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    head = {"Content-Type": "application/octet-stream", "Content-Length": str(LARGE << 20)} if body is not None else {}
    connection.request(method, path, body=body, headers=head)  # type: ignore[arg-type]
    response = connection.getresponse()
    assert response.status in {200, 204}
    while response.read(1 << 20):
        pass
    connection.close()
    return time.perf_counter() - started


def small(port: int) -> list[float]:
    """Ask for a small item again and again on one connection; gives milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken = []
    for _ in range(ASKED):
        started = time.perf_counter()
        connection.request("GET", "/item")
        response = connection.getresponse()
        assert (response.status, len(response.read())) == (200, 24)
        taken.append((time.perf_counter() - started) * 1000)
    connection.close()
    return taken


def main() -> None:
    with real_server() as port:
        with proxy(port) as (own, pid):
            small(own)
            before = memory(pid, "VmRSS")
            down, up = ask(own, "GET", "/file"), ask(own, "PUT", "/file", iter([PIECE] * LARGE))
            print(
                f"1 GB down in {down:.1f} s, up in {up:.1f} s; memory {before:.0f} MB before, {memory(pid, 'VmHWM'):.0f} MB at most"
            )
        direct = small(port)
        print(f"direct: {statistics.median(direct):.2f} ms")
        with tempfile.TemporaryDirectory() as folder:
            for flags in ((), ("--record", folder)):
                with proxy(port, *flags) as (own, pid):
                    small(own)
                    began = cpu(pid)
                    taken = small(own)
                    spent = (cpu(pid) - began) / ASKED * 1000
                    print(
                        f"{' '.join(flags[:1]) or 'proxy'}: {statistics.median(taken):.2f} ms, of which {spent:.2f} ms of the proxy's CPU"
                    )


if __name__ == "__main__":
    main()
