"""
A Dask cluster as an executor, see https://distributed.dask.org.

Workers need mock-server, and what is read under the same path. A worker that dies is replaced by the scheduler's own
means; when the scheduler itself goes away, this process waits for it to come back and asks for what is missing.

The only module that imports distributed, and itself imported for `--scheduler`: `pip install distributed`.
"""

import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any, Final

import distributed
from distributed.comm.core import CommClosedError
from distributed.scheduler import KilledWorker

from mock_server.errors import MockServerError, UsageError
from mock_server.payloads.executors import OpenedExecutor

_AHEAD: Final = 4  # tasks that wait for each thread of the cluster
_LEAST_AHEAD: Final = 8  # where its workers have not come yet
_UNKNOWN_THREADS: Final = 8  # where they have not come yet
_MOST: Final = 4  # pieces of a task, since each task costs the cluster 10 ms
_PATIENCE: Final = 120.0  # seconds without a piece, before a cluster is given up
_CONNECT: Final = "10s"  # for one attempt to reach the scheduler


class Cluster:
    """The executor of `--scheduler`, an address as in `tcp://10.0.0.1:8786`."""

    lost: tuple[type[Exception], ...] = (
        CancelledError,
        distributed.CancelledError,
        CommClosedError,
        KilledWorker,
        OSError,
        TimeoutError,
    )

    def __init__(self, address: str) -> None:
        self._address = address
        self._lost_at = 0.0

    @contextmanager
    def open(self) -> Iterator[OpenedExecutor]:
        """Connect to the scheduler."""
        cluster: Any = distributed  # it has no types
        with cluster.Client(self._address, timeout=_CONNECT, set_as_default=False) as client:
            threads = sum(client.nthreads().values())
            executor = client.get_executor(pure=False, retries=3)
            ahead = max(_LEAST_AHEAD, _AHEAD * threads)
            try:
                yield OpenedExecutor(executor, threads or _UNKNOWN_THREADS, ahead, _MOST)
            except MockServerError as error:
                raise UsageError(f"a worker of the cluster: {error}") from error

    def recover(self, error: Exception, losses: int) -> None:
        """Wait for the scheduler to come back, and give up after some time."""
        if losses == 1:
            self._lost_at = time.monotonic()
        if time.monotonic() - self._lost_at > _PATIENCE:
            raise UsageError(f"the cluster at {self._address} does not answer: {error}") from error
        time.sleep(1)
