"""Properties of pairs that lead to other pairs, by coinduction."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(eq=False, repr=False)
class Pairwise(Generic[Key]):
    """
    Finds the pairs for which something holds: for each, if it holds for all that it leads to.

    It is taken to hold for circles of which nothing says otherwise (coinduction). Each pair is looked at once; what
    leads to one for which it does not hold is found by going back.
    """

    look: Callable[[Key], Iterable[Key] | None]  # the pairs that one leads to; None where it does not hold
    known: dict[Key, bool] = field(default_factory=dict)
    _users: dict[Key, list[Key]] = field(default_factory=dict)  # by pair: those that lead to it

    def holds(self, key: Key) -> bool:
        """Return whether it holds for a pair."""
        if key not in self.known:
            self._explore(key)
        return self.known[key]

    def _explore(self, key: Key) -> None:
        todo, wrong = [key], list[Key]()
        while todo:
            each = todo.pop()
            if each in self.known:
                continue
            found = self.look(each)
            self.known[each] = found is not None
            if found is None:
                wrong.append(each)
                continue
            for other in found:
                self._users.setdefault(other, []).append(each)
                todo.append(other)
                if not self.known.get(other, True):
                    wrong.append(other)
        self._go_back(wrong)

    def _go_back(self, wrong: list[Key]) -> None:
        """Note that it does not hold for what leads to some pairs."""
        while wrong:
            for user in self._users.pop(wrong.pop(), ()):
                if self.known[user]:
                    self.known[user] = False
                    wrong.append(user)
