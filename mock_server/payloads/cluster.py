"""
Shards made on a Dask cluster, see https://distributed.dask.org.

Workers need mock-server and the document under the same path. A worker that dies is replaced by the scheduler's own
means; when the scheduler itself goes away, this process waits for it to come back and asks for what is missing.

The only module that imports distributed, and itself imported when a cluster is asked for: `pip install 'mock-server[cluster]'`.
"""

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import distributed
from distributed import CancelledError
from distributed.comm.core import CommClosedError
from distributed.scheduler import KilledWorker

from mock_server.errors import MockServerError, UsageError
from mock_server.payloads.shards import Job, Maker, Shard, make_shard

_AHEAD: Final = 4  # shards that wait for each thread of the cluster
_LEAST_AHEAD: Final = 8  # where its workers have not come yet
_PATIENCE: Final = 120.0  # seconds without a shard, before a cluster is given up
_CONNECT: Final = "10s"  # for one attempt to reach the scheduler
_LOST: Final = (CancelledError, CommClosedError, KilledWorker, OSError, TimeoutError)


def make_on_cluster(address: str) -> Maker:
    """
    Make shards on a cluster.

    Args:
        address: Of its scheduler, as in `tcp://10.0.0.1:8786`.
    """

    def make(job: Job, indices: Iterable[int]) -> Iterator[Shard]:
        missing = dict.fromkeys(indices)
        last = time.monotonic()
        while missing:
            try:
                for shard in _make(job, list(missing), address):
                    if shard.index in missing:
                        del missing[shard.index]
                        last = time.monotonic()
                        yield shard
            except _LOST as error:
                if time.monotonic() - last > _PATIENCE:
                    raise UsageError(f"the cluster at {address} does not answer: {error}") from error
                time.sleep(1)

    return make


def _make(job: Job, indices: list[int], address: str) -> Iterator[Shard]:
    todo = iter(indices)
    cluster: Any = distributed
    with cluster.Client(address, timeout=_CONNECT, set_as_default=False) as client:
        ahead = max(_LEAST_AHEAD, _AHEAD * sum(client.nthreads().values()))
        first = [_submit(client, job, index) for index in islice(todo, ahead)]
        waiting = cluster.as_completed(first, loop=client.loop)
        for future in waiting:
            try:
                shard: Shard = future.result()
            except MockServerError as error:
                raise UsageError(f"a worker of the cluster: {error}") from error
            index = next(todo, None)
            if index is not None:
                waiting.add(_submit(client, job, index))
            future.release()
            yield shard


def _submit(client: Any, job: Job, index: int) -> Any:  # noqa: ANN401 - of a package without types
    return client.submit(make_shard, job, index, pure=False, retries=3)
