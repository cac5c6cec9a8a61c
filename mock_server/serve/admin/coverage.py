"""
What of the documents was used: operations, statuses, media types, parameters, the values of enumerations.

Listening costs half a microsecond for a target that was asked before, five for another one (2026-11-23, Python 3.11): equal
requests wait together until somebody looks, or until too many different ones wait. Then each is read once: what it names,
never whether it conforms.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mock_server.exchange.message import Request
from mock_server.serve.admin.usable import KINDS, Item, Usable
from mock_server.serve.answer import Answer
from mock_server.serve.journal import Recorded
from mock_server.serve.respond import Responder
from mock_server.serve.world import Worlds
from mock_server.typing import JsonObject

_COUNTED: Final = 200  # bytes of what was used in a world
_WAITING: Final = 128  # different requests that wait to be counted
_BYTES: Final = 2 * 1024 * 1024  # that they hold
_PLURAL: Final = {
    "operation": "operations", "status": "statuses", "media type": "mediaTypes", "parameter": "parameters", "value": "values",
    "body": "bodies",
}  # fmt: skip

_Key = tuple[str, str, bytes, bytes, int, str]


@dataclass(frozen=True, slots=True)
class Used:
    """What there is of one document, and how often it was used."""

    there: tuple[Item, ...]
    counts: Mapping[Item, int]

    def tell(self) -> JsonObject:
        """By operation: each thing with its count; what was never used has 0."""
        operations: dict[str, JsonObject] = {}
        for item in self.there:
            kind, operation, what = item
            told = operations.setdefault(operation, {"operation": operation})
            if kind == "operation":
                told["title"], told["requests"] = what, self.counts.get(item, 0)
                continue
            members = told.setdefault(_PLURAL[kind], {})
            if isinstance(members, dict):
                members[what] = self.counts.get(item, 0)
        return {"summary": self.summary(), "operations": list(operations.values())}

    def summary(self) -> JsonObject:
        """By kind: how many there are, and how many of them were used; a percentage of all."""
        summary: JsonObject = {}
        used = there = 0
        for kind in KINDS:
            items = [item for item in self.there if item[0] == kind]
            had = sum(item in self.counts for item in items)
            summary[_PLURAL[kind]] = {"used": had, "there": len(items)}
            used, there = used + had, there + len(items)
        return {"percent": round(100 * used / there, 1) if there else 100.0, **summary}


@dataclass(slots=True)
class _Waiting:
    """Equal requests."""

    request: Request
    answer: Answer
    count: int = 1


@dataclass(eq=False)
class Coverage:
    """Counts what was used, for each world that there is, and for all that there were."""

    responders: Callable[[], Iterable[Responder]]  # of the documents that are served now
    worlds: Worlds
    _waiting: dict[_Key, _Waiting] = field(default_factory=dict)
    _particular: list[tuple[str, _Waiting]] = field(default_factory=list)  # requests that may differ in more than their target
    _bytes: int = 0
    _items: int = 0  # that were used, over all worlds
    _by_world: dict[str, Counter[Item]] = field(default_factory=dict)
    _all: Counter[Item] = field(default_factory=Counter)
    _usable: dict[int, Usable] = field(default_factory=dict)  # by responder

    def __post_init__(self) -> None:
        """Forget what was used in a world that is forgotten."""
        self.worlds.forgetters.append(self._forget)
        self.worlds.budget.holders["coverage"] = self
        self.worlds.budget.settlers.append(self._count)

    @property
    def weight(self) -> int:
        """How many bytes are kept."""
        return self._bytes + _COUNTED * self._items

    def _forget(self, world: str) -> None:
        self._items -= len(self._by_world.pop(world, ()))

    def listen(self, recorded: Recorded) -> None:
        """Take note of an exchange with a documented operation."""
        answer = recorded.answer
        if answer.entry is None:
            return
        request = recorded.request
        if request.body or not answer.source.startswith(("fixture:", "example:", "generated")):
            self._particular.append((recorded.world, _Waiting(request._replace(body=b""), answer)))
        else:
            key = (recorded.world, request.method, request.path, request.query, answer.status, answer.source)
            known = self._waiting.get(key)
            if known is not None:
                known.count += 1
                return
            self._waiting[key] = _Waiting(request, answer)
        self._bytes += recorded.size
        if len(self._waiting) + len(self._particular) >= _WAITING or self._bytes > _BYTES:
            self._count()

    def prepare(self) -> None:
        """Read the operations of the documents, so that looking does not wait for it; may be done in a thread."""
        for responder in self.responders():
            self._of(responder).items()

    def look(self, worlds: Iterable[str] | None) -> Iterator[tuple[Responder, Used]]:
        """What was used of each document in some worlds, all together; None for all that there ever were."""
        self._count()
        counts = self._all if worlds is None else Counter[Item]()
        for world in worlds or ():
            counts.update(self._by_world.get(world, {}))
        for responder in self.responders():
            yield responder, Used(self._of(responder).items(), counts)

    def forget(self, worlds: Iterable[str] | None) -> None:
        """Forget what was used in some worlds; None for everything."""
        self._count()
        for world in list(self._by_world) if worlds is None else worlds:
            self._forget(world)
        if worlds is None:
            self._all.clear()

    def _count(self) -> None:
        """Count what waits."""
        waiting = [*((key[0], each) for key, each in self._waiting.items()), *self._particular]
        self._waiting, self._particular, self._bytes = {}, [], 0
        usable = [self._of(responder) for responder in self.responders()]
        for world, each in waiting:
            entry = each.answer.entry
            home = next((one for one in usable if entry is not None and one.knows(entry)), None)
            if home is None or entry is None:
                continue
            found = dict.fromkeys(home.used(entry, each.request, each.answer), each.count)
            self._all.update(found)
            if self.worlds.known(world) is not None:
                own = self._by_world.setdefault(world, Counter())
                before = len(own)
                own.update(found)
                self._items += len(own) - before

    def _of(self, responder: Responder) -> Usable:
        known = self._usable.get(id(responder))
        if known is None:
            responders = list(self.responders())
            self._usable = {id(each): self._usable.get(id(each)) or Usable(each) for each in responders}
            known = self._usable.get(id(responder)) or Usable(responder)
        return known
