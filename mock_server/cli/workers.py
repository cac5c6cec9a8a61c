"""The executor of `--workers` and `--scheduler`."""

import importlib

from mock_server.errors import UsageError
from mock_server.payloads.executors import ExecutorFactory, Processes, ThisProcess


def choose_executor(workers: int, scheduler: str | None) -> ExecutorFactory:
    """
    Choose the executor.

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
        made: ExecutorFactory = cluster.Cluster(scheduler)
        return made
    if workers > 1:
        return Processes(workers)
    return ThisProcess()
