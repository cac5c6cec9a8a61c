"""
Bounded memories of answers from state, and of what collections hold in the beginning.

Clients have a say in how many of these there are. So each memory is weighed in bytes, and all of a process together
count for its budget (`worlds`).
"""

from collections.abc import Callable, Hashable
from typing import Final, TypeVar
from weakref import ReferenceType, ref

from mock_server.cache import BoundedCache
from mock_server.respond.answer import Answer

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")

_HEAVIEST: Final = 16 << 20  # bytes of one memory
_AROUND: Final = 1_000  # bytes of an answer in memory, apart from what it holds


class KeptReady:
    """All such memories of a process."""

    def __init__(self) -> None:
        self._caches: list[ReferenceType[BoundedCache]] = []  # type: ignore[type-arg]

    def make(self, weigh: Callable[[KeyT, ValueT], int]) -> BoundedCache[KeyT, ValueT]:
        """Make one, which is counted as long as it is used."""
        made: BoundedCache[KeyT, ValueT] = BoundedCache(_HEAVIEST, weigh)
        self._caches = [*(each for each in self._caches if each() is not None), ref(made)]
        return made

    @property
    def weight(self) -> int:
        """Their size in bytes."""
        return sum(cache.weight for each in self._caches if (cache := each()) is not None)

    def drop(self) -> bool:
        """Forget all of it; gives whether there was anything."""
        caches = [cache for each in self._caches if (cache := each()) is not None]
        had = any(caches)
        for cache in caches:
            cache.clear()
        return had


KEPT_READY: Final = KeptReady()


def weigh_answer(key: tuple[str | bytes, ...], kept: tuple[object, Answer]) -> int:
    """Weigh an entry: an answer, its key, and its conditions."""
    return (
        _AROUND + sum(map(len, key)) + len(kept[1].body) + sum(len(name) + len(value) for name, value in kept[1].fields)
    )


def ready_answers() -> BoundedCache[tuple[str | bytes, ...], tuple[object, Answer]]:
    """Return a memory of answers, each with what it was made of: it is good as long as that is the same."""
    return KEPT_READY.make(weigh_answer)
