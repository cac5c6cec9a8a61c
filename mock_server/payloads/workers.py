"""
Shards made by processes of this machine.

A process that dies takes its shards with it, and they are made again; one that fails again and again ends the run, with
what is finished kept.
"""

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Final

from mock_server.errors import UsageError
from mock_server.payloads.shards import Job, Maker, Shard, make_shard

_AHEAD: Final = 2  # shards that wait for each worker
_PATIENCE: Final = 5  # pools that break without having made anything


def make_with_workers(count: int) -> Maker:
    """Make shards in so many processes."""

    def make(job: Job, indices: Iterable[int]) -> Iterator[Shard]:
        missing = dict.fromkeys(indices)
        broken = 0
        while missing:
            before = len(missing)
            try:
                for shard in _make(job, list(missing), count):
                    del missing[shard.index]
                    yield shard
            except BrokenProcessPool as error:
                broken = broken + 1 if len(missing) == before else 0
                if broken >= _PATIENCE:
                    raise UsageError("the workers die again and again, before they have made anything; is there enough memory?") from error

    return make


def _make(job: Job, indices: list[int], count: int) -> Iterator[Shard]:
    todo = iter(indices)
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: set[Future[Shard]] = set()
        try:
            while True:
                while len(waiting) < count * _AHEAD and (index := next(todo, None)) is not None:
                    waiting.add(pool.submit(make_shard, job, index))
                if not waiting:
                    return
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
