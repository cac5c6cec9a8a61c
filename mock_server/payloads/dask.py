"""
Work done on a Dask cluster, see https://distributed.dask.org.

Workers need mock-server, and what is read under the same path. A worker that dies is replaced by the scheduler's own
means; when the scheduler itself goes away, this process waits for it to come back and asks for what is missing.

The only module that imports distributed, and itself imported when a cluster is asked for: `pip install distributed`.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import distributed
from distributed import CancelledError
from distributed.comm.core import CommClosedError
from distributed.scheduler import KilledWorker

from mock_server.errors import MockServerError, UsageError
from mock_server.payloads.spread import Spread, T

_AHEAD: Final = 4  # tasks that wait for each thread of the cluster
_LEAST_AHEAD: Final = 8  # where its workers have not come yet
_UNKNOWN_THREADS: Final = 8  # where they have not come yet
_MOST: Final = 4  # pieces of a task
_PATIENCE: Final = 120.0  # seconds without a piece, before a cluster is given up
_CONNECT: Final = "10s"  # for one attempt to reach the scheduler
# The threads of a worker take turns: what is opened for the work is of one thread, and Python runs but one of them
# anyway.
_TURN: Final = threading.Lock()
_LOST: Final = (CancelledError, CommClosedError, KilledWorker, OSError, TimeoutError)


def spread_over_cluster(address: str) -> Spread:
    """
    Do work on a cluster.

    Args:
        address: Of its scheduler, as in `tcp://10.0.0.1:8786`.
    """

    def spread(work: Callable[[int], T], numbers: Iterable[int]) -> Iterator[tuple[int, T]]:
        missing = dict.fromkeys(numbers)
        last = time.monotonic()
        while missing:
            try:
                for number, done in _spread(work, list(missing), address):
                    if number in missing:
                        del missing[number]
                        last = time.monotonic()
                        yield number, done
            except _LOST as error:
                if time.monotonic() - last > _PATIENCE:
                    raise UsageError(f"the cluster at {address} does not answer: {error}") from error
                time.sleep(1)

    return spread


def _spread(work: Callable[[int], T], numbers: list[int], address: str) -> Iterator[tuple[int, T]]:
    cluster: Any = distributed
    with cluster.Client(address, timeout=_CONNECT, set_as_default=False) as client:
        threads = sum(client.nthreads().values())
        todo = split_evenly(numbers, threads or _UNKNOWN_THREADS)
        first = [_submit(client, work, batch) for batch in islice(todo, max(_LEAST_AHEAD, _AHEAD * threads))]
        waiting = cluster.as_completed(first, loop=client.loop)
        for future in waiting:
            try:
                batch = future.result()
            except MockServerError as error:
                raise UsageError(f"a worker of the cluster: {error}") from error
            following = next(todo, None)
            if following is not None:
                waiting.add(_submit(client, work, following))
            future.release()
            yield from batch


def split_evenly(numbers: Sequence[int], threads: int) -> Iterator[Sequence[int]]:
    """
    Several pieces for a task as long as there are many, since each costs the cluster 10 ms.

    One at the end, to end together.
    """
    start = 0
    while start < len(numbers):
        size = min(_MOST, max(1, (len(numbers) - start) // (_AHEAD * threads)))
        yield numbers[start : start + size]
        start += size


def _submit(client: Any, work: Callable[[int], T], batch: Sequence[int]) -> Any:  # noqa: ANN401 - of a package without types
    return client.submit(do_in_turn, work, batch, pure=False, retries=3)


def do_in_turn(work: Callable[[int], T], batch: Sequence[int]) -> list[tuple[int, T]]:
    """Do pieces of work on a worker, which does one task at a time."""
    with _TURN:
        return [(number, work(number)) for number in batch]
