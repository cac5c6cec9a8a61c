"""Running servers."""

import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.admin_side import admin  # noqa: F401 - a fixture for all tests
from tests.support.paths import ROOT


@dataclass
class Server:
    """A running `mock-server serve`."""

    url: str  # with the base path
    origin: str
    process: subprocess.Popen[str]
    banner: str


def start_server(
    *args: str, cwd: Path | None = None, command: Sequence[str] = (sys.executable, "-m", "mock_server")
) -> Server:
    """Start `serve` on a free port and wait for its banner."""
    process = subprocess.Popen(
        [*command, "serve", *args, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd or ROOT,
    )
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if "Swagger UI" in line:
            break
    else:
        process.wait(10)
        raise AssertionError(process.stderr.read() if process.stderr else "no server")
    banner = "".join(lines)
    found = re.search(r"listening on +(\S+?)[,\s]", banner)
    assert found, banner
    url = found.group(1)
    origin = "/".join(url.split("/")[:3])
    return Server(url, origin, process, banner)


def stop_server(server: Server) -> int:
    """Stop a server as Ctrl-C does; gives its exit code."""
    server.process.send_signal(signal.SIGINT)
    _, log = server.process.communicate(timeout=15)
    if server.process.returncode:
        sys.stderr.write(log)  # where a test expects another code, it says why
    return server.process.returncode
