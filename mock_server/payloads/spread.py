"""
Work in numbered pieces, done by whoever.

Here, by processes of this machine (`workers`), or on a cluster (`cluster`).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Spread(Protocol):
    """Has pieces of work done."""

    def __call__(self, work: Callable[[int], T], numbers: Iterable[int]) -> Iterator[tuple[int, T]]:
        """
        Have pieces of work done.

        Args: work: Does the piece of a number; it can be sent to another process, and does the same when it is done
            again. numbers: Of the pieces.

        Returns:
            Each number with what came of it, in any order.
        """


def spread_here(work: Callable[[int], T], numbers: Iterable[int]) -> Iterator[tuple[int, T]]:
    """Do the work in this process, in order."""
    return ((number, work(number)) for number in numbers)
