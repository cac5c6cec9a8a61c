"""
Several processes behind one socket.

The document is read once; each worker is a copy of the process that read it, so that they share its memory. Answers depend
on the request and the seed alone, so it does not matter which worker gives them.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from types import FrameType
from typing import NamedTuple

from mock_server.errors import UsageError

_log = logging.getLogger(__name__)

# A worker that ends sooner than this did not come up; so many in a row, and there is no use in another.
_YOUNG = 2.0  # seconds
_PATIENCE = 3
_MERCY = 10.0  # seconds that a worker without a parent has to finish what it is at
_MOST = 256


def check_workers(count: int) -> None:
    """
    Check that so many workers can be had.

    Raises:
        UsageError: the number makes no sense, or the system can't copy processes.
    """
    if count < 1:
        raise UsageError(f"--workers {count}: at least one is needed")
    if count > _MOST:
        raise UsageError(f"--workers {count}: at most {_MOST} can be started; one for each processor is the most that helps")
    if count > 1 and not hasattr(os, "fork"):
        raise UsageError("--workers needs a system that can fork processes; start several servers on ports of their own instead")


def run_workers(count: int, serve: Callable[[], None]) -> None:
    """
    Serve in several processes until a signal says to stop; one that dies is replaced.

    Args:
        count: How many.
        serve: What each of them does; it returns when it is told to stop.

    Raises:
        UsageError: the workers do not come up.
    """
    alive: dict[int, float] = {}
    stopping = False
    # Whoever reads from the pipe hears of the end of this process, however it ends: the system closes the other side.
    read, write = os.pipe()
    parent = _Parent(read, write)

    def stop(number: int, _: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        for pid in alive:
            os.kill(pid, signal.SIGTERM)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    failures = 0
    try:
        for _ in range(count):
            alive[_fork(serve, before, parent)] = time.monotonic()
        while alive:
            pid, status = os.wait()
            age = time.monotonic() - alive.pop(pid, 0.0)
            if stopping:
                continue
            failures = failures + 1 if age < _YOUNG else 0
            if failures >= _PATIENCE:
                stop(signal.SIGTERM, None)
                raise UsageError(f"the workers end as soon as they start (status {os.waitstatus_to_exitcode(status)})")
            _log.warning("worker %d ended with status %d; another one takes its place", pid, os.waitstatus_to_exitcode(status))
            alive[_fork(serve, before, parent)] = time.monotonic()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(read)
        os.close(write)


class _Parent(NamedTuple):
    """A pipe whose one side only the parent holds."""

    read: int
    write: int

    def watch(self) -> None:
        """Stop this worker when the parent has ended; called in a worker."""
        os.close(self.write)
        threading.Thread(target=self._wait, name="parent", daemon=True).start()

    def _wait(self) -> None:
        os.read(self.read, 1)
        _log.warning("the process that started this worker has ended, so the worker does")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_MERCY)
        os._exit(1)


def _fork(serve: Callable[[], None], caught: Iterable[signal.Signals], parent: _Parent) -> int:
    """Start a worker; gives its process id. The worker does not return."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        for number in caught:
            signal.signal(number, signal.SIG_DFL)
        parent.watch()
        serve()
        code = 0
    except KeyboardInterrupt:
        code = 0
    finally:
        os._exit(code)
