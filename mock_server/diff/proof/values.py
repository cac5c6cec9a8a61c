"""Single values: whether a receiver accepts what a sender lists."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mock_server.cache import BoundedCache
from mock_server.diff.proof.forms import definition_name, types_of, values_of, widened
from mock_server.diff.proof.gaps import Gap
from mock_server.diff.proof.sides import SchemaSide
from mock_server.json_values import JsonObject, JsonValue, same_json
from mock_server.schema.canonical import (
    AllOfView,
    AnyOfView,
    Canonical,
    ConstView,
    EnumView,
    MultiTypeView,
    OneOfView,
    ReferenceView,
    as_json,
)
from mock_server.schema.types import is_type

_MOST_HOPS: Final = 20  # references, one to the other
_COUNTS: Final[dict[type, Callable[[list[bool | None]], bool]]] = {  # of what is known of each branch
    AnyOfView: any,
    AllOfView: all,
    ReferenceView: all,
    OneOfView: lambda said: said.count(True) == 1,
}
_MOST_JUDGES: Final = 64  # that are kept: each has all that its form refers to


@dataclass(frozen=True, eq=False, repr=False)
class ValueComparer:
    """Judges single values of a sender by the forms of a receiver."""

    receiver: SchemaSide
    _judges: "BoundedCache[Canonical, Callable[[JsonValue], bool] | None]" = field(
        default_factory=lambda: BoundedCache(_MOST_JUDGES)
    )

    def compare(self, sent: Canonical, received: Canonical) -> list[Gap]:
        """Compare the values that a sender lists."""
        return self._compare(tuple(values_of(sent)), sent, received)

    def compare_finite(self, sent: Canonical, received: Canonical, types: set[str]) -> list[Gap]:
        """Compare all values of a type that has few: `null` or `boolean`."""
        values: tuple[JsonValue, ...] = (None,)
        if types == {"boolean"}:
            values = (True, False)
        return self._compare(values, sent, received)

    def _compare(self, values: tuple[JsonValue, ...], sent: Canonical, received: Canonical) -> list[Gap]:
        refused = tuple(value for value in values if not self.accepts(received, value))
        if refused:
            return [Gap("enum", sent, received, candidates=refused, is_certain=True)]
        return []

    def accepts(self, received: Canonical, value: JsonValue) -> bool:
        """Return whether the receiver accepts a value; False where that is not known, too."""
        return self._judge(received, value, 0) is True

    def _judge(self, received: Canonical, value: JsonValue, hops: int) -> bool | None:
        """
        Judge a value by a form, without compiling all that it refers to as long as no part of the value is looked at.

        None where nothing is known.
        """
        view = received.view()
        if isinstance(view, ConstView | EnumView):
            return any(same_json(value, each) for each in values_of(received))
        if isinstance(view, MultiTypeView):
            return any(is_type(value, type_) for type_ in view.types)
        if not _may_be_of(received, value):
            return False
        if isinstance(value, dict | list) or not isinstance(view, AnyOfView | OneOfView | AllOfView | ReferenceView):
            judge = self._judge_of(received)
            return judge(value) if judge is not None else None
        if isinstance(view, ReferenceView):
            if hops > _MOST_HOPS:
                return None
            forms = self.receiver.definition_forms(definition_name(view))
            if None in forms:
                return None
            said = [self._judge(form, value, hops + 1) for form in forms if form is not None]
        else:
            said = [self._judge(branch, value, hops) for branch in view.branches]
        if isinstance(view, AnyOfView) and True in said:
            return True
        if isinstance(view, AllOfView | ReferenceView) and False in said:
            return False
        if None in said:
            return None
        return _COUNTS[type(view)](said)

    def _judge_of(self, received: Canonical) -> Callable[[JsonValue], bool] | None:
        """Compile a form of the receiver's; those that were asked for lately are kept."""
        if received not in self._judges:
            written = as_json(received.to_json_schema())
            plain: JsonObject = {}
            if isinstance(written, dict):
                plain = {key: part for key, part in written.items() if key not in {"$defs", "$schema"}}
            self._judges[received] = self.receiver.judge(plain)
        return self._judges[received]


def _may_be_of(form: Canonical, value: JsonValue) -> bool:
    """Return whether a value has a type that a form has values of."""
    types = types_of(form)
    return types is None or any(is_type(value, type_) for type_ in widened(types))
