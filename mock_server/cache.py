"""A bounded cache: entries are kept while there is room, and the oldest is dropped first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Any, Final, Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")

_OF_TEXTS: Final = 32 << 10  # bytes
_AROUND: Final = 100  # bytes of an entry in memory, apart from its key


class BoundedCache(OrderedDict[KeyT, ValueT], Generic[KeyT, ValueT]):
    """
    A dictionary that forgets what was put in first.

    Reading is the dictionary's own. Only `cache[key] = value`, `del cache[key]` and `clear` may change it, from any
    thread.
    """

    def __init__(self, most: int, weigh: Callable[[KeyT, ValueT], int] | None = None) -> None:
        """
        Make an empty one.

        Args:
            most: How much it may hold.
            weigh: Weighs an entry, in bytes for instance; None: each weighs 1. What is heavier than `most` is not kept.
        """
        super().__init__()
        self.most = most
        self.weight = 0
        self._weigh = weigh
        self._weights: dict[KeyT, int] = {}
        self._lock = RLock()

    def __setitem__(self, key: KeyT, value: ValueT) -> None:
        """Keep an entry as the newest, and forget the oldest ones that there is no room for."""
        weight = self._weigh(key, value) if self._weigh is not None else 1
        with self._lock:
            if key in self:
                del self[key]
            if weight > self.most:
                return
            while self.weight + weight > self.most:
                del self[next(iter(self))]
            self.weight += weight
            self._weights[key] = weight
            super().__setitem__(key, value)

    def __delitem__(self, key: KeyT) -> None:
        """Forget an entry."""
        with self._lock:
            super().__delitem__(key)
            self.weight -= self._weights.pop(key)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            super().clear()
            self._weights.clear()
            self.weight = 0


def weigh_text(key: bytes | str | None, _: object) -> int:
    """Weigh an entry whose key a client wrote and whose value is small."""
    return _AROUND + (len(key) if key is not None else 0)


def make_text_cache() -> BoundedCache[Any, Any]:
    """
    Make a cache of what texts of clients mean.

    What they always send is read once, what they make up costs no memory.
    """
    return BoundedCache(_OF_TEXTS, weigh_text)
