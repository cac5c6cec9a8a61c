"""
Searching: values of what the canonical form does not model.

The schema is drawn without the keywords that are not modelled, and judged with them; a catalogue of small values is
tried as well.
"""

from mock_server.generate.compiling import Compiler, Spot, acceptor, nothing
from mock_server.generate.state import Draw, NothingFits, State
from mock_server.schema.canonical import Canonical, canonicalize_schema
from mock_server.typing import JsonObject, JsonValue

_TRIES = 6  # of one relaxed draw
# Values that a schema nothing else is known of is tried with.
_CATALOGUE: tuple[JsonValue, ...] = (
    None, True, False, 0, 1, -1, 2, 10, 100, 0.5, 1.5, -1.5, 1e6, "", "a", "text", "foo", "bar", "0", "1", "A-1",
    "2026-01-01", "2026-01-01T00:00:00Z", "a@example.com", "https://example.com", [], {}, [None], [0], [1], ["a"], [1, 2],
    ["a", "b"], [1, "a"], [[]], [{}], {"a": 1}, {"a": "a"}, {"foo": "a"}, {"foo": 1}, {"bar": "a"}, {"bar": 1},
    {"foo": "a", "bar": "a"}, {"foo": 1, "bar": 2}, {"a": 1, "b": 2},
)  # fmt: skip
# Keywords that the canonical form may not model: a schema is drawn without them, and judged with them.
_UNMODELED = (
    "unevaluatedProperties",
    "unevaluatedItems",
    "not",
    "if",
    "then",
    "else",
    "oneOf",
    "dependentSchemas",
    "contains",
    "propertyNames",
)


def compile_search(compiler: Compiler, schema: Canonical, spot: Spot) -> Draw:
    """Compile a node that is not modelled, once it is first drawn."""
    cell: list[Draw] = []

    def draw(s: State) -> JsonValue:
        if not cell:
            cell.append(_search(compiler, schema, spot))
        return cell[0](s)

    return draw


def _search(compiler: Compiler, schema: Canonical, spot: Spot) -> Draw:
    forms = compiler.setting.forms
    accept = acceptor(schema, forms)
    if accept is None:
        return nothing
    fitting = tuple(value for value in (*spot.hints.examples(), *_CATALOGUE) if accept(value))
    relaxed = _relaxed(compiler, forms.self_contained(schema), spot)

    def draw(s: State) -> JsonValue:
        for attempt in relaxed:
            for _ in range(_TRIES):
                try:
                    value = attempt(s)
                except NothingFits:
                    break
                if accept(value):
                    return value
        if not fitting:
            raise NothingFits
        return fitting[int(s.random() * len(fitting))]

    return draw


def _relaxed(compiler: Compiler, schema: JsonObject, spot: Spot) -> list[Draw]:
    """Draws of the schema without the keywords that may be at fault: all of them, then one after the other."""
    present = [word for word in _UNMODELED if word in schema]
    draws = []
    for dropped in (present, *([word] for word in present)):
        rest: JsonObject = {key: value for key, value in schema.items() if key not in dropped}
        canonical = canonicalize_schema(rest) if dropped else None
        if canonical is not None and canonical.kind.value not in {"raw", "not"}:
            draws.append(compiler.compile_bare(canonical, spot))
    return draws
