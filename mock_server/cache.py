"""A memory that is bounded: what goes by is kept as long as there is room, and the oldest of it goes first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class BoundedCache(OrderedDict[KeyT, ValueT], Generic[KeyT, ValueT]):
    """
    A dictionary that forgets what was put in first.

    Reading is the dictionary's own. Only `cache[key] = value`, `del cache[key]` and `clear` may change it.
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

    def __setitem__(self, key: KeyT, value: ValueT) -> None:
        """Keep an entry as the newest, and forget the oldest ones that there is no room for."""
        if key in self:
            del self[key]
        weight = self._weigh(key, value) if self._weigh is not None else 1
        if weight > self.most:
            return
        while self.weight + weight > self.most:
            del self[next(iter(self))]
        self.weight += weight
        super().__setitem__(key, value)

    def __delitem__(self, key: KeyT) -> None:
        """Forget an entry."""
        self.weight -= self._weigh(key, self[key]) if self._weigh is not None else 1
        super().__delitem__(key)

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self.weight = 0
