"""
Work done by processes of this machine.

A process that dies takes its pieces with it, and they are done again; one that fails again and again ends the run, with
what is finished kept.

Who does the work of `--workers` and `--scheduler`.
"""

import importlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import Final

from mock_server.errors import UsageError
from mock_server.payloads.spread import Spread, T, spread_here

_AHEAD: Final = 2  # pieces that wait for each worker
_PATIENCE: Final = 5  # pools that break without having done anything


def spread_over_workers(count: int) -> Spread:
    """Do work in so many processes."""

    def spread(work: Callable[[int], T], numbers: Iterable[int]) -> Iterator[tuple[int, T]]:
        missing = dict.fromkeys(numbers)
        broken = 0
        while missing:
            before = len(missing)
            try:
                for number, done in _spread(work, list(missing), count):
                    del missing[number]
                    yield number, done
            except BrokenProcessPool as error:
                broken = broken + 1 if len(missing) == before else 0
                if broken >= _PATIENCE:
                    raise UsageError(
                        "the workers die again and again, before they have done anything; is there enough memory?"
                    ) from error

    return spread


def _spread(work: Callable[[int], T], numbers: list[int], count: int) -> Iterator[tuple[int, T]]:
    todo = iter(numbers)
    with ProcessPoolExecutor(
        count, mp_context=multiprocessing.get_context("spawn"), initializer=_end_with_parent
    ) as pool:
        waiting: dict[Future[T], int] = {}
        try:
            while True:
                while len(waiting) < count * _AHEAD and (number := next(todo, None)) is not None:
                    waiting[pool.submit(work, number)] = number
                if not waiting:
                    return
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield waiting.pop(future), future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _end_with_parent() -> None:
    """End this worker when the process that started it does, however that ends: nobody waits for its work any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_for_end, args=(parent.sentinel,), name="parent", daemon=True).start()


def _wait_for_end(parent: int) -> None:
    connection.wait([parent])
    os._exit(1)


def choose_spread(workers: int, scheduler: str | None) -> Spread:
    """
    Choose who does the work.

    Args:
        workers: How many processes of this machine.
        scheduler: The address of a cluster, which goes first.

    Raises:
        UsageError: what a cluster needs is not installed.
    """
    if scheduler is not None:
        try:
            cluster = importlib.import_module("mock_server.payloads.dask")
        except ImportError as error:
            raise UsageError("a cluster needs distributed: pip install distributed") from error
        made: Spread = cluster.spread_over_cluster(scheduler)
        return made
    if workers > 1:
        return spread_over_workers(workers)
    return spread_here
