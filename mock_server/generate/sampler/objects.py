"""
Objects: all documented properties, in documented order, agreeing with each other.

What is simple is drawn first, so that what is nested can refer to it: a charger's `groupId` to the group around it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mock_server.generate.realism.coherence import (
    OWN_KEYS,
    Linked,
    compile_counts,
    compile_ends,
    compile_orders,
    compile_sums,
    link_property,
)
from mock_server.generate.realism.meaning import find_meaning, is_identifier
from mock_server.generate.realism.pools import TABLE_OF
from mock_server.generate.sampler.compiler import ByRow, DrawCompiler, ValueSite, direct_references
from mock_server.generate.sampler.draw import (
    FULL_DEPTH,
    MANY_ROWS,
    ROW_MASK,
    Draw,
    DrawState,
    EchoedPlace,
    NothingFits,
    Parent,
    RequestedObject,
    left_open,
)
from mock_server.generate.sampler.undeclared import Undeclared
from mock_server.json_values import JsonObject, JsonValue
from mock_server.names import nouns_of, split_words
from mock_server.schema.canonical import AnyOfView, ArrayView, Canonical, ObjectView
from mock_server.schema.sites import Site

_SCALAR_KINDS = frozenset(("string", "integer", "number", "const", "enum", "multi_type", "true"))
_AGREEMENTS = (compile_counts, compile_sums, compile_orders, compile_ends)
# Objects within objects; only what is required recurs so deep, and Python's stack has an end.
_DEEPEST = 60
_PROPERTIES = 16  # that weigh as much as an object


@dataclass(slots=True)
class _Member:
    """One documented property."""

    name: str
    draw: Draw
    required: bool
    nested: bool
    references: tuple[str, ...]
    same_row: bool  # a nested object that shares its parent's row of the tables
    may_be_empty: bool = False  # a list that is shown empty where there is no room for it


@dataclass(slots=True)
class _ObjectPlan:
    """The plan of drawing the objects of a view."""

    simple: tuple[_Member, ...]  # drawn first
    nested: tuple[_Member, ...]
    order: tuple[str, ...]
    nouns: frozenset[str]
    id_key: str | None
    name_key: str | None
    least: int
    most: int | None
    undeclared: Undeclared
    is_map: bool
    finish: tuple[Callable[[JsonObject, DrawState], None], ...]
    violate: tuple[Draw, ...]
    echoes: tuple[tuple[str, str], ...]  # parameters by which the object may be the requested one, and their properties
    inherited: tuple[_Member, ...]  # what it takes from the objects around it


def compile_object(compiler: DrawCompiler, view: ObjectView | None, site: ValueSite) -> Draw:
    """Compile the objects of a view, or any object."""
    plan = _plan(compiler, view, site)
    begin = _beginning(plan)
    nested, finish, echoes = plan.nested, plan.finish, plan.echoes
    parts = 1 + len(plan.order) // _PROPERTIES
    fills = bool(plan.least or plan.is_map or plan.violate or plan.most is not None)
    has_identity = plan.id_key is not None or plan.name_key is not None
    if not (nested or finish or echoes or fills) and all(isinstance(member.draw, ByRow) for member in plan.simple):
        return _flat(begin, parts)

    def draw(s: DrawState) -> JsonValue:
        if s.depth > _DEEPEST:
            raise NothingFits
        s.take_room(parts)
        s.depth += 1
        budget = s.budget = s.budget - 1
        try:
            out = begin(s)
            requested = _find_requested(plan, out, s) if echoes else None
            if requested is not None and requested in s.known:
                return {**s.known[requested], **{name: out[name] for name in _inherited(plan, out)}}
            if nested:
                if has_identity:
                    s.parents.append(Parent(plan.nouns, out, plan.id_key, plan.name_key))
                try:
                    _draw_nested(plan, out, s)
                finally:
                    if has_identity:
                        s.parents.pop()
            if fills:
                _fill(plan, out, s)
            for step in finish:
                step(out, s)
        finally:
            s.depth -= 1
        if requested is not None:
            if s.traced is not None:
                s.budget = budget if s.following else s.budget
                return left_open(RequestedObject(requested, plan, out, _inherited(plan, out)))
            s.known[requested] = out
        return out

    return draw


def _flat(begin: Callable[[DrawState], JsonObject], parts: int) -> Draw:
    """Draw objects of scalars that are read by the row."""

    def draw(s: DrawState) -> JsonValue:
        s.budget -= 1
        s.take_room(parts)
        return begin(s)

    return draw


def _inherited(plan: _ObjectPlan, out: JsonObject) -> tuple[str, ...]:
    """List the members of an object that come from objects around it."""
    return tuple(member.name for member in plan.inherited if member.name in out)


def _beginning(plan: _ObjectPlan) -> Callable[[DrawState], JsonObject]:
    """
    Draw simple properties, with places for nested ones.

    What goes by the row alone is kept as whole objects by row, and copied: one step for all of it. The copy has all
    properties in their documented order; `_draw_nested` fills the empty places or removes them.
    """
    tabled = [(member.name, member.draw) for member in plan.simple if isinstance(member.draw, ByRow)]
    others = tuple((member.name, member.draw) for member in plan.simple if not isinstance(member.draw, ByRow))
    exemplified = any(draw.example is not None for _, draw in tabled)
    frame: JsonObject = dict.fromkeys(plan.order)
    lower = [(name, draw) for name, draw in tabled if draw.shift == 0]
    upper = [(name, draw) for name, draw in tabled if draw.shift != 0]
    rows: dict[tuple[bool, int], JsonObject] = {}
    chances: dict[tuple[bool, int], JsonObject] = {}

    def look_up(s: DrawState) -> JsonObject:
        if s.tight or s.verify or plan.most is not None or (exemplified and s.exemplary):
            if plan.most is None and not s.tight:
                out = dict.fromkeys(plan.order)
            else:
                out = {}
            for member in _chosen(plan, s):
                out[member.name] = member.draw(s)
            return out
        key = (s.exemplary, s.row & ROW_MASK)
        found = rows.get(key)
        if found is None:
            found = rows[key] = frame | _look_up(lower, *key)
        out = found.copy()
        if upper:
            key = (s.exemplary, s.row >> 8 & ROW_MASK)
            more = chances.get(key)
            if more is None:
                more = chances[key] = _look_up(upper, *key)
            out.update(more)
        for name, draw in others:
            out[name] = draw(s)
        return out

    return look_up


def _look_up(draws: list[tuple[str, ByRow]], exemplary: bool, row: int) -> JsonObject:  # noqa: FBT001 - a key's parts
    if exemplary:
        return {name: draw.firm[row] for name, draw in draws}
    return {name: draw.usual[row] for name, draw in draws}


def _plan(compiler: DrawCompiler, view: ObjectView | None, site: ValueSite) -> _ObjectPlan:
    nouns = site.schema.nouns or site.nouns or nouns_of(site.name)
    schemas = dict(view.properties) if view is not None else {}
    if view is not None:
        required = frozenset(view.required)
    else:
        required = frozenset()
    undeclared = Undeclared(compiler, view, site)
    order = _order(site.schema, schemas, required, undeclared)
    tables = _tables(compiler, order, schemas, nouns, site)
    beside = frozenset(" ".join(split_words(name)) for name in order)
    keyed = any(
        split_words(name) in OWN_KEYS and schemas[name].kind.value not in {"integer", "number"} for name in schemas
    )
    members: list[_Member] = []
    echoes: dict[str, str] = {}
    inherited: list[_Member] = []
    for name in order:
        if not undeclared.allows(name):
            continue
        member, linked = _member(
            compiler, name, undeclared.schema_of(name), nouns, site, required, tables, keyed=keyed, beside=beside
        )
        members.append(member)
        if linked.echo is not None:
            echoes[linked.echo] = name
        if linked.inherited:
            inherited.append(member)
    simple = tuple(member for member in members if not member.nested)
    nested = tuple(member for member in members if member.nested)
    drawn = {member.name for member in members}
    kept = tuple(name for name in order if name in drawn)
    return _ObjectPlan(
        simple=simple,
        nested=nested,
        order=kept,
        nouns=nouns,
        id_key=_id_key(kept, nouns),
        name_key=_name_key(kept, nouns),
        least=view.min_properties or 0 if view is not None else 0,
        most=view.max_properties if view is not None else None,
        undeclared=undeclared,
        is_map=site.schema.is_map,
        finish=tuple(step for compile_ in _AGREEMENTS for step in compile_(compiler.context, kept, schemas)),
        violate=tuple(map(undeclared.breaking, view.violations)) if view is not None else (),
        echoes=tuple(echoes.items()),
        inherited=tuple(inherited),
    )


def _order(site: Site, schemas: dict[str, Canonical], required: frozenset[str], undeclared: Undeclared) -> list[str]:
    """
    Return the properties that are drawn, as they were documented.

    One of which only its description is known is no less so.
    """
    known = schemas.keys() | undeclared.listed() | site.sure_names
    order = dict.fromkeys(name for name in site.names if name in known)
    order |= dict.fromkeys(schemas)
    return [*order, *sorted(required - order.keys())]


def _member(
    compiler: DrawCompiler,
    name: str,
    schema: Canonical | None,
    nouns: frozenset[str],
    site: ValueSite,
    required: frozenset[str],
    tables: frozenset[str],
    *,
    keyed: bool,
    beside: frozenset[str],
) -> tuple[_Member, Linked]:
    own = ValueSite(site.schema.member(name), name, nouns, nouns_of(name), beside)
    if schema is not None:
        draw = compiler.compile(schema, own)
    elif own.schema.sources:
        draw = compiler.compile_untyped(own)
    else:
        draw = compiler.compile_any(own)  # only its name is known
    nested = schema is not None and schema.kind.value not in _SCALAR_KINDS and not _only_scalars(schema)
    linked = link_property(compiler.context, name, nouns, schema, draw, nested=nested, keyed=keyed)
    if schema is not None:
        references = tuple(sorted(direct_references(schema)))
    else:
        references = ()
    same_row = nested and bool(tables & _nested_tables(compiler, schema, own))
    return _Member(name, linked.draw, name in required, nested, references, same_row, _may_be_empty(schema)), linked


def _may_be_empty(schema: Canonical | None) -> bool:
    view = schema.view() if schema is not None else None
    if isinstance(view, AnyOfView):
        return any(map(_may_be_empty, view.branches))
    return isinstance(view, ArrayView) and not view.min_items and not view.contains


def _only_scalars(schema: Canonical) -> bool:
    view = schema.view()
    branches = getattr(view, "branches", None)
    return branches is not None and all(branch.kind.value in _SCALAR_KINDS for branch in branches)


def _tables(
    compiler: DrawCompiler, names: list[str], schemas: dict[str, Canonical], nouns: frozenset[str], site: ValueSite
) -> frozenset[str]:
    """Return the tables of coherent columns that an object's own simple properties draw from."""
    found = set()
    for name in names:
        own = site.schema.member(name)
        if name in schemas and schemas[name].kind.value in {"number", "integer"}:
            type_ = "number"
        else:
            type_ = "string"
        meaning = find_meaning(name, nouns, type_, next(iter(own.formats), ""), "")
        if meaning is not None and meaning.kind in TABLE_OF:
            found.add(TABLE_OF[meaning.kind])
    return frozenset(found)


def _nested_tables(compiler: DrawCompiler, schema: Canonical | None, site: ValueSite) -> frozenset[str]:
    """Return the tables that a nested object draws from; none for lists."""
    if schema is None or schema.kind.value == "array":
        return frozenset()
    return _tables(compiler, list(site.schema.names), {}, site.nouns, site)


def _id_key(names: tuple[str, ...], nouns: frozenset[str]) -> str | None:
    """Return the property that identifies an object."""
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


def _find_requested(plan: _ObjectPlan, out: JsonObject, s: DrawState) -> str | None:
    """Return the parameter that names this object, if it is the requested one."""
    for parameter, name in plan.echoes:
        if s.traced is not None:
            value: object = out.get(name)
            if isinstance(value, EchoedPlace) and value.name == parameter:
                return parameter
        elif parameter in s.placed and (
            out.get(name) == s.echo[parameter] or str(out.get(name)) == str(s.echo[parameter])
        ):
            return parameter
    return None


def _chosen(plan: _ObjectPlan, s: DrawState) -> Sequence[_Member]:
    """Return the simple properties there is room for; only the required ones in a tight draw."""
    if plan.most is None and not s.tight:
        return plan.simple
    required = [member for member in plan.simple if member.required]
    if s.tight:
        return required
    room = (plan.most or 0) - len(required) - sum(1 for member in plan.nested if member.required)
    optional = [member for member in plan.simple if not member.required][: max(room, 0)]
    return [*required, *optional]


def _draw_nested(plan: _ObjectPlan, out: JsonObject, s: DrawState) -> None:
    """Draw nested properties; those left out lose their places."""
    # not required: deep inside, where there is no room, and in an error but for what it consists of
    narrow = s.tight or s.depth > FULL_DEPTH or (s.budget < 0 and s.depth > 2) or (s.terse and s.depth > 1)  # noqa: PLR2004
    row = s.row
    try:
        for member in plan.nested:
            name = member.name
            if not member.required and (narrow or _left_out(plan, member, out, s)):
                if member.may_be_empty and not s.tight and not s.terse and plan.most is None:
                    out[name] = []
                else:
                    out.pop(name, None)
                continue
            if not member.same_row:
                s.row = int(s.random() * MANY_ROWS)
            try:
                out[name] = member.draw(s)
            except NothingFits:
                if member.required:
                    raise
                out.pop(name, None)
            s.row = row
    finally:
        s.row = row


def _left_out(plan: _ObjectPlan, member: _Member, out: JsonObject, s: DrawState) -> bool:
    """Return True if an optional part is left out: for lack of room, or against recursion."""
    if plan.most is not None:
        waiting = sum(1 for other in plan.nested if other.required and other.name not in out)
        if len(out) + waiting >= plan.most:
            return True
    if member.references:
        return any(s.active.get(uri, 0) > 1 for uri in member.references)
    return False


def _fill(plan: _ObjectPlan, out: JsonObject, s: DrawState) -> None:
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


def _add_undeclared(undeclared: Undeclared, out: JsonObject, wanted: int, s: DrawState) -> None:
    """Add properties that are not documented, as far as there are names for them."""
    names = undeclared.names
    if undeclared.in_order or not names:
        first = 0
    else:
        first = int(s.random() * len(names))
    for index in range(len(names)):
        name = names[(first + index) % len(names)]
        if len(out) >= wanted:
            return
        if name not in out:
            s.take_room()
            out[name] = undeclared.draw_of(name)(s)
