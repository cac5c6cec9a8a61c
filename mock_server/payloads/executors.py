"""
Numbered pieces of work, done by an executor.

Executors are those of `concurrent.futures`: this process, processes of this machine, a Dask cluster. Where one breaks,
it is opened anew and what is missing is done again; what is finished is kept.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import connection
from typing import Final, NamedTuple, ParamSpec, Protocol, TypeVar

from mock_server.errors import UsageError

P = ParamSpec("P")
T = TypeVar("T")
_PATIENCE: Final = 5  # pools that break in a row, without having done anything
_PER_THREAD: Final = 4  # tasks of several pieces, before they have fewer
# What is opened for the work is of one thread, and Python runs but one of them anyway: threads of a worker take turns.
_TURN: Final = threading.Lock()


class OpenedExecutor(NamedTuple):
    """An executor, and the work that it is given at a time."""

    executor: Executor
    threads: int  # that work at once
    waiting: int  # tasks that are submitted ahead
    most: int = 1  # pieces of a task


class ExecutorFactory(Protocol):
    """Opens an executor, and again when it is lost."""

    lost: tuple[type[Exception], ...]  # what is raised when an executor is lost

    def open(self) -> AbstractContextManager[OpenedExecutor]:
        """Open an executor."""

    def recover(self, error: Exception, losses: int) -> None:
        """
        Prepare for opening another one.

        Args:
            error: That was raised, one of `lost`.
            losses: How many executors were lost in a row, without a finished piece.

        Raises:
            UsageError: there is no sense in it.
        """


def run_pieces(factory: ExecutorFactory, work: Callable[[int], T], numbers: Iterable[int]) -> Iterator[tuple[int, T]]:
    """
    Have pieces of work done.

    Args:
        factory: Of the executor.
        work: Does the piece of a number; it can be sent to another process, and does the same when it is done again.
        numbers: Of the pieces.

    Returns:
        Each number with what came of it, in any order.
    """
    missing = dict.fromkeys(numbers)
    losses = 0
    while missing:
        try:
            with factory.open() as opened:
                for number, done in _run(opened, work, list(missing)):
                    del missing[number]
                    losses = 0
                    yield number, done
        except factory.lost as error:
            losses += 1
            factory.recover(error, losses)


def _run(opened: OpenedExecutor, work: Callable[[int], T], numbers: Sequence[int]) -> Iterator[tuple[int, T]]:
    tasks = split_evenly(numbers, opened.threads, opened.most)
    waiting: set[Future[list[tuple[int, T]]]] = set()
    while True:
        while len(waiting) < opened.waiting and (task := next(tasks, None)) is not None:
            waiting.add(opened.executor.submit(do_in_turn, work, task))
        if not waiting:
            return
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            yield from future.result()


def split_evenly(numbers: Sequence[int], threads: int, most: int) -> Iterator[Sequence[int]]:
    """Yield tasks of several pieces as long as there are many pieces, and of one at the end, to end together."""
    start = 0
    while start < len(numbers):
        size = min(most, max(1, (len(numbers) - start) // (_PER_THREAD * threads)))
        yield numbers[start : start + size]
        start += size


def do_in_turn(work: Callable[[int], T], numbers: Sequence[int]) -> list[tuple[int, T]]:
    """Do pieces of work in a worker, which does one task at a time."""
    with _TURN:
        return [(number, work(number)) for number in numbers]


class _DirectExecutor(Executor):
    """Does work when it is submitted."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do the work; what it raises is raised here."""
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class ThisProcess:
    """The executor of this process."""

    lost: tuple[type[Exception], ...] = ()

    @contextmanager
    def open(self) -> Iterator[OpenedExecutor]:
        """Open it."""
        yield OpenedExecutor(_DirectExecutor(), 1, 1)

    def recover(self, error: Exception, losses: int) -> None:
        """Do nothing: it can't be lost."""


class Processes:
    """The executor of `--workers`: processes that end with this one."""

    lost: tuple[type[Exception], ...] = (BrokenProcessPool,)

    def __init__(self, count: int) -> None:
        self._count = count

    @contextmanager
    def open(self) -> Iterator[OpenedExecutor]:
        """Start the processes; what they do at the end is not waited for."""
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self._count, mp_context=context, initializer=_end_with_parent) as pool:
            try:
                yield OpenedExecutor(pool, self._count, 2 * self._count)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def recover(self, error: Exception, losses: int) -> None:
        """Give up after some losses."""
        if losses >= _PATIENCE:
            raise UsageError(
                "the workers die again and again, before they have done anything; is there enough memory?"
            ) from error


def _end_with_parent() -> None:
    """End this worker when the process that started it does, however that ends."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_for_end, args=(parent.sentinel,), name="parent", daemon=True).start()


def _wait_for_end(parent: int) -> None:
    connection.wait([parent])
    os._exit(1)
