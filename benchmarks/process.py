"""
A server that is measured: started on cores of its own, stopped and let run, and what it takes.

All figures are of its whole process group: the processes of the session that it leads.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from benchmarks.places import ROOT, find_program

_TICKS = os.sysconf("SC_CLK_TCK")
_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}  # Python's packages are compiled where they are installed
_GRACE = 10  # seconds that a server has to end
_FIRST_PORT, _LAST_PORT = 20_000, 30_000
_LISTEN = "0A"  # the state of a listening socket in /proc/net/tcp
_LOG = 2000  # characters of a server's output that are shown when it fails


class ServerFailed(Exception):
    """A server did not start, or ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How a server is started; `{port}` stands for the port."""

    words: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = ROOT


class Server:
    """A running server. Use `running`, which ends it."""

    def __init__(self, command: Command, cores: str, log: IO[bytes]) -> None:
        """
        Start it.

        Args:
            command: How.
            cores: Where it may run, as taskset has it.
            log: Where its output goes.
        """
        self.port = _free_port()
        self._log = log
        words = [word.replace("{port}", str(self.port)) for word in command.words]
        self._process = subprocess.Popen(
            [find_program("taskset"), "-c", cores, *words],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=command.folder,
            env=os.environ | _COMPILED | command.environment,
            start_new_session=True,
        )

    @property
    def leader(self) -> int:
        """The process that leads its session."""
        return self._process.pid

    @property
    def url(self) -> str:
        """Its origin."""
        return f"http://127.0.0.1:{self.port}"

    def pause(self) -> None:
        """Stop all its processes where they are."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def cpu(self) -> float:
        """Seconds of CPU time so far, in user and kernel, of its processes and of those that ended."""
        return sum(cpu_of(process) for process in self._members())

    def resident(self) -> int:
        """Bytes of memory that are resident; what several processes share counts in each."""
        return sum(_status(process, "VmRSS") for process in self._members())

    def peak(self) -> int:
        """Bytes of memory that were resident at most."""
        return sum(_status(process, "VmHWM") for process in self._members())

    def is_listening(self) -> bool:
        """Whether one of its processes, and nobody else's, listens on its port."""
        sockets = _listening_sockets(self.port)
        return bool(sockets) and any(_has_open(process, sockets) for process in self._members())

    def check(self) -> None:
        """
        See that it runs.

        Raises:
            ServerFailed: it ended.
        """
        if self._process.poll() is not None:
            raise ServerFailed(f"it ended with exit code {self._process.returncode}: {self.output()}")

    def output(self) -> str:
        """The end of what it printed."""
        self._log.flush()
        self._log.seek(0)
        return self._log.read().decode(errors="replace").strip()[-_LOG:]

    def stop(self) -> None:
        """End all its processes."""
        self.resume()
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self._signal(signal.SIGKILL)
        self._process.wait(_GRACE)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.leader, number)

    def _members(self) -> list[int]:
        return members_of(self.leader)


@contextlib.contextmanager
def running(command: Command, cores: str, log: Path) -> Iterator[Server]:
    """
    Start a server, and end it at the end of the block.

    Args:
        command: How to start it.
        cores: Where it may run, as taskset has it.
        log: A file for its output.
    """
    with log.open("w+b") as stream:
        server = Server(command, cores, stream)
        try:
            yield server
        finally:
            server.stop()


def members_of(session: int) -> list[int]:
    """The processes of a session."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if int(_stat(int(folder.name))[3]) == session:
                    found.append(int(folder.name))
    return found


def cpu_of(process: int) -> float:
    """
    Seconds of CPU time of a process, all its threads, and of its children that ended.

    The clock of a process counts nanoseconds, and takes in threads that are over; clock_getcpuclockid(3) makes its
    number from the process's in this way. What ended children took, /proc knows in ticks.
    """
    try:
        own = time.clock_gettime((~process << 3) | 2)
        fields = _stat(process)
    except (OSError, ProcessLookupError):
        return 0.0
    return own + (int(fields[13]) + int(fields[14])) / _TICKS


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before it may have spaces. See proc_pid_stat(5)."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _status(process: int, name: str) -> int:
    """A size from /proc/PID/status, in bytes; 0 for a process that is gone."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    line = next((line for line in text.splitlines() if line.startswith(name + ":")), None)
    return int(line.split()[1]) * 1024 if line is not None else 0


def _free_port() -> int:
    """A port that nothing listens on, below those that systems hand out: nobody who asks for a free one gets it."""
    while True:
        port = random.randrange(_FIRST_PORT, _LAST_PORT)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _listening_sockets(port: int) -> set[str]:
    """The inodes of the sockets that listen on a port, of whoever they are. See proc_net_tcp(5)."""
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.is_file() else []:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found


def _has_open(process: int, names: set[str]) -> bool:
    """Whether a process has one of some sockets open."""
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{process}/fd").iterdir():
            with contextlib.suppress(OSError):
                if str(descriptor.readlink()) in names:
                    return True
    return False
