"""PostgreSQL for tests: a cluster of its own on loopback, thrown away afterwards."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

BINARIES = Path("/usr/lib/postgresql/15/bin")
USER, PASSWORD = "mock", "s3cret"


def _as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL does not run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else command


@contextlib.contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[str]:
    """Start PostgreSQL; gives the URL of an empty database. One that is durable waits for its disk."""
    folder = Path(tempfile.mkdtemp(prefix="mock-postgres-"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data, secret = folder / "data", folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    init = [
        str(BINARIES / "initdb"),
        "-D",
        str(data),
        "-U",
        USER,
        "-A",
        "scram-sha-256",
        f"--pwfile={secret}",
        "-N",
        "-E",
        "UTF8",
    ]
    subprocess.run(_as_postgres([*init, "--locale=C.UTF-8"]), check=True, capture_output=True, cwd=folder, timeout=120)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
        "-k",
        str(folder),
        "-c",
        f"fsync={'on' if durable else 'off'}",
        "-c",
        "max_connections=120",
    ]
    server = subprocess.Popen(
        _as_postgres([str(BINARIES / "postgres"), "-D", str(data), *options]),
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        _wait(port, server)
        yield f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        stop = [str(BINARIES / "pg_ctl"), "-D", str(data), "stop", "-m", "immediate"]
        subprocess.run(_as_postgres(stop), check=False, capture_output=True, cwd=folder, timeout=60)
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    ready = [str(BINARIES / "pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-q"]
    for _ in range(150):
        if subprocess.run(ready, check=False).returncode == 0:
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError("PostgreSQL does not start")
