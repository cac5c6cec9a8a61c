"""
Searching: values of what the canonical form does not model.

The schema is drawn with what it refers to in its place, or without the keywords that are not modelled, and judged with
them; then small values are tried, and repaired until they fit.
"""

from collections.abc import Callable, Iterator

from mock_server.generate.clock import is_late
from mock_server.generate.compiling import Compiler, Spot, acceptor, compile_part, nothing
from mock_server.generate.repair import CATALOGUE, Repair
from mock_server.generate.seed import derive_random
from mock_server.generate.state import Draw, NothingFits, State
from mock_server.schema.canonical import Canonical, canonicalize_schema
from mock_server.schema.validate import breaches_of, compile_schema
from mock_server.typing import JsonObject, JsonValue

_TRIES = 6  # of one relaxed draw
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
    unfolded = forms.unfolded(schema)
    relaxed = [compiler.compile_bare(unfolded, spot)] if unfolded is not None and _is_modelled(unfolded) else []
    relaxed += _relaxed(compiler, forms.self_contained(schema), spot)
    pool: list[tuple[JsonValue, ...]] = []

    def draw(s: State) -> JsonValue:
        for attempt in relaxed:
            for _ in range(_TRIES):
                if is_late():
                    raise NothingFits
                try:
                    value = attempt(s)
                except NothingFits:
                    break
                if accept(value):
                    return value
        if compiler.setting.repairing:  # what it finds must not depend on what was found before
            found = _find(compiler, schema, spot, relaxed, accept)
        else:
            if not pool:
                pool.append(_find(compiler, schema, spot, relaxed, accept))
            found = pool[0]
        if not found:
            raise NothingFits
        return found[int(s.random() * len(found))]

    return draw


def _find(
    compiler: Compiler, schema: Canonical, spot: Spot, relaxed: list[Draw], accept: Callable[[JsonValue], bool]
) -> tuple[JsonValue, ...]:
    """Values that fit, whatever it takes: documented examples, small ones, and repaired ones unless these are for a repair."""
    fitting = tuple(value for value in (*spot.hints.examples(), *CATALOGUE) if accept(value))
    setting = compiler.setting
    if fitting or setting.repairing:
        return fitting
    setting.repairing = True
    try:
        written = setting.forms.self_contained(schema)
        repair = Repair(written, breaches_of(compile_schema(written)), lambda part: compile_part(compiler, part))
        random = derive_random(setting.pools.seed, "repair")
        found = repair.find([*_drawn(relaxed), {}, [], "text", 1], random)
    finally:
        setting.repairing = False
    return () if found is None else found


def _drawn(draws: list[Draw]) -> Iterator[JsonValue]:
    """A value of each draw that gives one."""
    for draw in draws:
        try:
            yield draw(State(0, static=False, echo={}))
        except NothingFits:
            continue


def _relaxed(compiler: Compiler, schema: JsonObject, spot: Spot) -> list[Draw]:
    """Draws of the schema without the keywords that may be at fault: all of them, then one after the other."""
    present = [word for word in _UNMODELED if word in schema]
    draws = []
    for dropped in (present, *([word] for word in present)):
        rest: JsonObject = {key: value for key, value in schema.items() if key not in dropped}
        canonical = canonicalize_schema(rest) if dropped else None
        if canonical is not None and _is_modelled(canonical):
            draws.append(compiler.compile_bare(canonical, spot))
    return draws


def _is_modelled(schema: Canonical) -> bool:
    return schema.kind.value not in {"raw", "not"}
