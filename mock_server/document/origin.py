"""
Origins of the parts of a document: its own file, or the overlays that changed it.

A tree next to the value, with branches only where something was changed: what has no branch was written at the same
place below its parent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mock_server.findings import Place
from mock_server.json_values import JsonValue, Pointer


@dataclass(slots=True, eq=False)
class Origin:
    """The place of a value, and the places of those within it that were written elsewhere."""

    place: Place
    is_whole: bool = False  # everything within counts as written at the same place, as a copy is
    _members: dict[str, "Origin"] = field(default_factory=dict)
    _items: list["Origin"] | None = None  # of an array that was changed: all of them

    def child(self, token: str) -> "Origin":
        """Return the origin of a member or item."""
        if self._items is not None:
            index = int(token) if token.isdigit() else -1
            if 0 <= index < len(self._items):
                return self._items[index]
        elif token in self._members:
            return self._members[token]
        if self.is_whole:
            return self
        return Origin(Place(self.place.file, (*self.place.pointer, token)))

    def find(self, pointer: Pointer) -> Place:
        """Return the place at which a part was written."""
        origin = self
        for token in pointer:
            origin = origin.child(token)
        return origin.place

    def keep(self, token: str, container: JsonValue) -> "Origin":
        """Return the origin of a member or item of a container, to change it."""
        own = self.child(token)
        if own is self:  # of a copy, whose parts begin to differ here
            own = Origin(self.place, is_whole=True)
        self._set(token, own, container)
        return own

    def put(self, token: str, origin: "Origin", container: JsonValue) -> None:
        """Set the origin of a member or item to that of a value that was brought as a whole."""
        self._set(token, origin.fresh(), container)

    def fresh(self) -> "Origin":
        """Return the same origin without branches: values that are brought to several places change on their own."""
        return Origin(self.place, self.is_whole)

    def _set(self, token: str, origin: "Origin", container: JsonValue) -> None:
        if isinstance(container, list):
            self._list(container)[int(token)] = origin
        else:
            self._members[token] = origin

    def extend(self, added: Sequence["Origin"], container: list[JsonValue]) -> None:
        """Set the origins of items that are about to be appended."""
        self._list(container).extend(origin.fresh() for origin in added)

    def drop(self, tokens: Sequence[str], container: JsonValue) -> None:
        """Forget members or items that are about to be removed."""
        if isinstance(container, list):
            gone = set(map(int, tokens))
            self._items = [origin for index, origin in enumerate(self._list(container)) if index not in gone]
        else:
            for token in tokens:
                self._members.pop(token, None)

    def _list(self, container: list[JsonValue]) -> list["Origin"]:
        if self._items is None:
            self._items = [self.child(str(index)) for index in range(len(container))]
            if self.is_whole:
                self._items = [origin.fresh() for origin in self._items]
        return self._items
