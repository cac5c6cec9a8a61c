"""Who does the work of `--workers` and `--scheduler`."""

import importlib

from mock_server.errors import UsageError
from mock_server.payloads.spread import Spread, spread_here
from mock_server.payloads.workers import spread_over_workers


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
            cluster = importlib.import_module("mock_server.payloads.cluster")
        except ImportError as error:
            raise UsageError("a cluster needs distributed: pip install distributed") from error
        made: Spread = cluster.spread_over_cluster(scheduler)
        return made
    return spread_over_workers(workers) if workers > 1 else spread_here
