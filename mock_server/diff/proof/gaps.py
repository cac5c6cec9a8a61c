"""Gaps: where a sender's schema is not proven to be within a receiver's, with the way there."""

from dataclasses import dataclass, replace
from typing import Final

from mock_server.json_values import JsonValue
from mock_server.schema.canonical import Canonical

ITEM: Final = "*"
Side = str | Canonical  # the name of a definition, or a form
NAME: Final = "{name}"  # some property that the receiver's schema does not name


@dataclass(frozen=True, slots=True)
class GapStep:
    """One step from a value to a part of it."""

    kind: str  # property, name (some other property), item, prefix
    name: str = ""
    index: int = 0

    @property
    def token(self) -> str:
        """The step as a token of a pointer."""
        if self.kind == "property":
            return self.name
        if self.kind == "name":
            return NAME
        return ITEM


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """One thing that a sender may send and a receiver was not proven to accept."""

    keyword: str  # that tells them apart; "" where none does by itself
    sender: Canonical | None = None  # the schemas at the end of the way
    receiver: Canonical | None = None
    path: tuple[GapStep, ...] = ()
    route: tuple[
        Canonical, ...
    ] = ()  # the sender's forms on the way, one for each step: what is chosen of alternatives
    candidates: tuple[JsonValue, ...] = ()  # values there that may be refused
    absent: str = ""  # a property that the sender may leave out
    pair: tuple[Side, Side] | None = None  # definitions whose own gaps say more
    home: tuple[Side, Side] | None = None  # the definitions that it is in
    is_certain: bool = False  # whether it is proven that the receiver refuses something

    @property
    def identity(self) -> tuple[object, ...]:
        """The key that tells gaps of one pair of schemas apart."""
        return (self.keyword, self.absent, self.pair, *((step.kind, step.token, step.index) for step in self.path))

    def under(self, step: GapStep, sender: Canonical) -> "Gap":
        """Return the gap as seen from the value around its own."""
        return replace(self, path=(step, *self.path), route=(sender, *self.route))
