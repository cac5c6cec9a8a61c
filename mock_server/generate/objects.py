"""
Objects: all documented properties, in the order in which they are documented, agreeing with each other.

What is simple is drawn first, so that what is nested can refer to it: a charger's `groupId` to the group around it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mock_server.generate.coherence import Linked, compile_counts, compile_orders, link_property
from mock_server.generate.compiling import Compiler, Spot, direct_references
from mock_server.generate.hints import Hints
from mock_server.generate.pools import TABLE_OF
from mock_server.generate.semantics import find_meaning, is_identifier
from mock_server.generate.state import FULL_DEPTH, MANY_ROWS, Draw, NothingFits, Parent, State
from mock_server.generate.undeclared import Undeclared
from mock_server.generate.words import nouns_of, split_words
from mock_server.schema.canonical import Canonical, ObjectView
from mock_server.typing import JsonObject, JsonValue

_SCALAR_KINDS = frozenset(("string", "integer", "number", "const", "enum", "multi_type", "true"))
# Objects within objects; only what is required recurs so deep, and Python's stack has an end.
_DEEPEST = 60


@dataclass(slots=True)
class _Member:
    """One documented property."""

    name: str
    draw: Draw
    required: bool
    nested: bool
    references: frozenset[str]
    same_row: bool  # a nested object that shares its parent's row of the tables


@dataclass(slots=True)
class _Plan:
    """How the objects of a view are drawn."""

    simple: tuple[_Member, ...]  # drawn first
    nested: tuple[_Member, ...]
    order: tuple[str, ...]
    reorder: bool
    nouns: frozenset[str]
    id_key: str | None
    name_key: str | None
    least: int
    most: int | None
    undeclared: Undeclared
    is_map: bool
    finish: tuple[Callable[[JsonObject, State], None], ...]
    violate: tuple[Draw, ...]
    echoes: tuple[str, ...]  # parameters by which the object may be the one that was asked for
    inherited: tuple[_Member, ...]  # what it takes from the objects around it


def compile_object(compiler: Compiler, view: ObjectView | None, spot: Spot) -> Draw:
    """Compile the objects of a view, or any object."""
    plan = _plan(compiler, view, spot)

    def draw(s: State) -> JsonValue:
        return _draw(plan, s)

    return draw


def _plan(compiler: Compiler, view: ObjectView | None, spot: Spot) -> _Plan:
    hints = spot.hints
    nouns = hints.nouns or spot.nouns or nouns_of(spot.name)
    schemas = dict(view.properties) if view is not None else {}
    required = frozenset(view.required) if view is not None else frozenset()
    undeclared = Undeclared(compiler, view, spot)
    order = _order(hints, schemas, required, undeclared)
    tables = _tables(compiler, order, schemas, nouns, spot)
    members: list[_Member] = []
    echoes: dict[str, None] = {}
    inherited: list[_Member] = []
    for name in order:
        if not undeclared.allows(name):
            continue
        member, linked = _member(compiler, name, undeclared.schema_of(name), nouns, spot, required, tables)
        members.append(member)
        if linked.echo is not None:
            echoes[linked.echo] = None
        if linked.inherited:
            inherited.append(member)
    simple = tuple(member for member in members if not member.nested)
    nested = tuple(member for member in members if member.nested)
    kept = tuple(name for name in order if any(member.name == name for member in members))
    return _Plan(
        simple=simple,
        nested=nested,
        order=kept,
        reorder=tuple(member.name for member in (*simple, *nested)) != kept,
        nouns=nouns,
        id_key=_id_key(kept, nouns),
        name_key=_name_key(kept, nouns),
        least=view.min_properties or 0 if view is not None else 0,
        most=view.max_properties if view is not None else None,
        undeclared=undeclared,
        is_map=hints.is_map(),
        finish=(*compile_counts(compiler.setting, kept, schemas), *compile_orders(compiler.setting, kept, schemas)),
        violate=tuple(map(undeclared.breaking, view.violations)) if view is not None else (),
        echoes=tuple(echoes),
        inherited=tuple(inherited),
    )


def _order(hints: Hints, schemas: dict[str, Canonical], required: frozenset[str], undeclared: Undeclared) -> list[str]:
    """The properties that are drawn, as they were documented; one of which only its description is known is no less so."""
    known = schemas.keys() | undeclared.listed() | set(hints.sure_names)
    order = [name for name in hints.property_order() if name in known]
    order += [name for name in schemas if name not in order]
    return order + sorted(required - set(order))


def _member(
    compiler: Compiler,
    name: str,
    schema: Canonical | None,
    nouns: frozenset[str],
    spot: Spot,
    required: frozenset[str],
    tables: frozenset[str],
) -> tuple[_Member, Linked]:
    own = Spot(compiler.setting.reader.member(spot.hints, name), name, nouns, nouns_of(name))
    draw = compiler.compile(schema, own) if schema is not None else compiler.compile_any(own)
    nested = schema is not None and schema.kind.value not in _SCALAR_KINDS and not _only_scalars(schema)
    linked = link_property(compiler.setting, name, nouns, schema, draw, nested=nested)
    references = direct_references(schema) if schema is not None else frozenset()
    same_row = nested and bool(tables & _nested_tables(compiler, schema, own))
    return _Member(name, linked.draw, name in required, nested, references, same_row), linked


def _only_scalars(schema: Canonical) -> bool:
    view = schema.view()
    branches = getattr(view, "branches", None)
    return branches is not None and all(branch.kind.value in _SCALAR_KINDS for branch in branches)


def _tables(compiler: Compiler, names: list[str], schemas: dict[str, Canonical], nouns: frozenset[str], spot: Spot) -> frozenset[str]:
    """The tables of coherent columns that an object's own simple properties draw from."""
    found = set()
    for name in names:
        hints = compiler.setting.reader.member(spot.hints, name)
        type_ = "number" if name in schemas and schemas[name].kind.value in {"number", "integer"} else "string"
        meaning = find_meaning(name, nouns, type_, next(iter(hints.formats()), ""), "")
        if meaning is not None and meaning.kind in TABLE_OF:
            found.add(TABLE_OF[meaning.kind])
    return frozenset(found)


def _nested_tables(compiler: Compiler, schema: Canonical | None, spot: Spot) -> frozenset[str]:
    """The tables that a nested object draws from; none for lists."""
    if schema is None or schema.kind.value == "array":
        return frozenset()
    return _tables(compiler, spot.hints.property_order(), {}, spot.nouns, spot)


def _id_key(names: tuple[str, ...], nouns: frozenset[str]) -> str | None:
    """The property that identifies an object."""
    own = [name for name in names if is_identifier(name)]
    exact = [name for name in own if split_words(name) == ("id",)]
    named = [name for name in own if " ".join(split_words(name)[:-1]) in nouns]
    return next(iter(exact or named), None)


def _name_key(names: tuple[str, ...], nouns: frozenset[str]) -> str | None:
    for name in names:
        words = split_words(name)
        if words[-1:] == ("name",) and (len(words) == 1 or " ".join(words[:-1]) in nouns):
            return name
    return None


def _draw(plan: _Plan, s: State) -> JsonValue:
    if s.depth > _DEEPEST:
        raise NothingFits
    narrow = s.tight or s.depth >= FULL_DEPTH or (s.budget <= 0 and s.depth > 1)
    s.depth += 1
    s.budget -= 1
    try:
        if s.tight or plan.most is not None:
            out = {member.name: member.draw(s) for member in _chosen(plan, s)}
        else:
            out = {member.name: member.draw(s) for member in plan.simple}
        asked = _asked_for(plan, out, s) if plan.echoes else None
        if asked is not None and asked in s.known:
            return {**s.known[asked], **{member.name: out[member.name] for member in plan.inherited if member.name in out}}
        if plan.nested:
            _draw_nested(plan, out, s, narrow=narrow)
        _fill(plan, out, s)
        for finish in plan.finish:
            finish(out, s)
    finally:
        s.depth -= 1
    if plan.reorder and len(out) > 1:
        ordered: JsonObject = {name: out[name] for name in plan.order if name in out}
        out = ordered if len(ordered) == len(out) else {**ordered, **out}
    if asked is not None:
        s.known[asked] = out
    return out


def _asked_for(plan: _Plan, out: JsonObject, s: State) -> str | None:
    """The parameter that names this object, if it is the one that was asked for."""
    for name in plan.echoes:
        if name in s.placed and any(value == s.echo[name] or str(value) == str(s.echo[name]) for value in out.values()):
            return name
    return None


def _chosen(plan: _Plan, s: State) -> list[_Member]:
    """The simple properties there is room for; only the required ones in a tight draw."""
    required = [member for member in plan.simple if member.required]
    if s.tight:
        return required
    room = (plan.most or 0) - len(required) - sum(1 for member in plan.nested if member.required)
    optional = [member for member in plan.simple if not member.required][: max(room, 0)]
    return [*required, *optional]


def _draw_nested(plan: _Plan, out: JsonObject, s: State, *, narrow: bool) -> None:
    """Draw what is nested, with this object for its parent."""
    row = s.row
    has_name = plan.id_key is not None or plan.name_key is not None
    if has_name:
        s.parents.append(Parent(plan.nouns, out, plan.id_key, plan.name_key))
    try:
        for member in plan.nested:
            if not member.required and (narrow or _left_out(plan, member, out, s)):
                continue
            if not member.same_row:
                s.row = int(s.random() * MANY_ROWS)
            try:
                out[member.name] = member.draw(s)
            except NothingFits:
                if member.required:
                    raise
            s.row = row
    finally:
        s.row = row
        if has_name:
            s.parents.pop()


def _left_out(plan: _Plan, member: _Member, out: JsonObject, s: State) -> bool:
    """Whether an optional part is left out: for lack of room, or because it would recur."""
    if plan.most is not None:
        waiting = sum(1 for other in plan.nested if other.required and other.name not in out)
        if len(out) + waiting >= plan.most:
            return True
    return any(s.active.get(uri, 0) > 1 for uri in member.references)


def _fill(plan: _Plan, out: JsonObject, s: State) -> None:
    """Add entries of maps, and as many properties as there have to be."""
    for violate in plan.violate:
        pair = violate(s)
        if isinstance(pair, list):
            out[str(pair[0])] = pair[1]
    wanted = plan.least
    if plan.is_map and not s.tight and s.depth <= FULL_DEPTH:
        wanted = max(wanted, len(out) + 1 + int(s.random() * 2))
    if plan.most is not None:
        wanted = min(wanted, plan.most)
    if len(out) < plan.least:
        for member in (*plan.simple, *plan.nested):
            if member.name not in out and len(out) < plan.least:
                out[member.name] = member.draw(s)
    if len(out) < wanted:
        _add_undeclared(plan.undeclared, out, wanted, s)
    if len(out) < plan.least:
        raise NothingFits


def _add_undeclared(undeclared: Undeclared, out: JsonObject, wanted: int, s: State) -> None:
    """Add properties that are not documented, as far as there are names for them."""
    names = undeclared.names
    first = 0 if undeclared.in_order or not names else int(s.random() * len(names))
    for index in range(len(names)):
        name = names[(first + index) % len(names)]
        if len(out) >= wanted:
            return
        if name not in out:
            out[name] = undeclared.draw_of(name)(s)
