"""
Alternatives: any of some branches, exactly one of them, or one of them together with something else.

Each branch is compiled when it is first chosen.

Searching: values of what the canonical form does not model.

The schema is drawn with what it refers to in its place, or without the keywords that are not modelled, and judged with
them; then small values are tried, and repaired until they fit.
"""

from collections.abc import Callable, Iterable, Iterator

from mock_server.generate.clock import is_late
from mock_server.generate.sampler.compiler import (
    ByRow,
    DrawCompiler,
    ValueSite,
    acceptor,
    compile_part,
    direct_references,
    lazy_acceptor,
    nothing,
)
from mock_server.generate.sampler.draw import FULL_DEPTH, Draw, DrawState, NothingFits
from mock_server.generate.sampler.repair import CATALOGUE, Repair
from mock_server.generate.seed import derive_random
from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.canonical import (
    AllOfView,
    AnyOfView,
    Canonical,
    ConstView,
    FalseView,
    MultiTypeView,
    ObjectView,
    OneOfView,
    ReferenceView,
    TypedGroupView,
    canonicalize_schema,
    find_difference,
)
from mock_server.schema.validate import breaches_of, compile_schema

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


def compile_search(compiler: DrawCompiler, schema: Canonical, site: ValueSite) -> Draw:
    """Compile a node that is not modelled, once it is first drawn."""
    cell: list[Draw] = []

    def draw(s: DrawState) -> JsonValue:
        if not cell:
            cell.append(_search(compiler, schema, site))
        return cell[0](s)

    return draw


def _search(compiler: DrawCompiler, schema: Canonical, site: ValueSite) -> Draw:
    forms = compiler.context.forms
    accept = acceptor(schema, forms)
    if accept is None:
        return nothing
    unfolded = forms.unfolded(schema)
    if unfolded is not None and _is_modelled(unfolded):
        relaxed = [compiler.compile_bare(unfolded, site)]
    else:
        relaxed = []
    relaxed += _relaxed(compiler, forms.self_contained(schema), site)
    pool: list[tuple[JsonValue, ...]] = []

    def draw(s: DrawState) -> JsonValue:
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
        if compiler.context.repairing:  # what it finds must not depend on what was found before
            found = _find(compiler, schema, site, relaxed, accept)
        else:
            if not pool:
                pool.append(_find(compiler, schema, site, relaxed, accept))
            found = pool[0]
        if not found:
            raise NothingFits
        return found[int(s.random() * len(found))]

    return draw


def _find(
    compiler: DrawCompiler, schema: Canonical, site: ValueSite, relaxed: list[Draw], accept: Callable[[JsonValue], bool]
) -> tuple[JsonValue, ...]:
    """
    Values that fit, whatever it takes.

    Documented examples, small ones, and repaired ones unless these are for a repair.
    """
    fitting = tuple(value for value in (*site.schema.examples(), *CATALOGUE) if accept(value))
    context = compiler.context
    if fitting or context.repairing:
        return fitting
    context.repairing = True
    try:
        written = context.forms.self_contained(schema)
        repair = Repair(written, breaches_of(compile_schema(written)), lambda part: compile_part(compiler, part))
        random = derive_random(context.pools.seed, "repair")
        found = repair.find([*_drawn(relaxed), {}, [], "text", 1], random)
    finally:
        context.repairing = False
    if found is None:
        return ()
    return found


def _drawn(draws: list[Draw]) -> Iterator[JsonValue]:
    """Yield a value of each draw that gives one."""
    for draw in draws:
        try:
            yield draw(DrawState(0, static=False, echo={}))
        except NothingFits:
            continue


def _relaxed(compiler: DrawCompiler, schema: JsonObject, site: ValueSite) -> list[Draw]:
    """Draws of the schema without the keywords that may be at fault: all of them, then one after the other."""
    present = [word for word in _UNMODELED if word in schema]
    draws = []
    for dropped in (present, *([word] for word in present)):
        rest: JsonObject = {key: value for key, value in schema.items() if key not in dropped}
        canonical = canonicalize_schema(rest) if dropped else None
        if canonical is not None and _is_modelled(canonical):
            draws.append(compiler.compile_bare(canonical, site))
    return draws


def _is_modelled(schema: Canonical) -> bool:
    return schema.kind.value not in {"raw", "not"}


# How often a value that may be null is.
_NULLS = 0.12
# To subtract branches from each other multiplies their cases.
_MAX_DISJOINT = 5
_MAX_CASES = 40
_MAX_SUBTRACTIONS = 400
_STRICT_TRIES = 8
_SCALAR_KINDS = frozenset(("string", "integer", "number", "const", "enum"))


def compile_any_of(
    compiler: DrawCompiler, branches: list[Canonical], site: ValueSite, compile_: Callable[[Canonical], Draw]
) -> Draw:
    """Compile any of some branches, each by the function that is given."""
    implied = site.schema.implied_type
    chosen = [branch for branch in branches if implied is None or _is_of(branch, implied)] or branches
    chosen = [branch for branch in chosen if not _is_gone(compiler, branch)] or chosen
    null = any(_is_null(branch) for branch in branches)
    chosen = [branch for branch in chosen if not _is_null(branch)] or branches
    if len(chosen) == 1:
        if chosen[0].kind.value in _SCALAR_KINDS:
            draw = compile_(chosen[0])
        else:
            draw = _lazily(compile_, chosen[0])
        if null:
            return nullable(draw)
        return draw
    draws = [_lazily(compile_, branch) for branch in chosen]
    heights: list[int] = []
    simple = tuple(not direct_references(branch) and branch.kind.value not in {"object", "array"} for branch in chosen)
    mixed = any(simple) and not all(simple)

    def draw_any(s: DrawState) -> JsonValue:
        count = len(draws)
        order = list(range(count))
        first = int(s.random() * count)
        order = order[first:] + order[:first]
        if s.tight or s.depth > FULL_DEPTH:  # what ends soonest
            if not heights:
                heights.extend(compiler.extents.of(branch).height for branch in chosen)
            order.sort(key=heights.__getitem__)
        elif mixed and s.depth >= 2:  # noqa: PLR2004 - deep inside, an id rather than the whole thing
            order.sort(key=lambda index: not simple[index])
        for index in order:
            try:
                return draws[index](s)
            except NothingFits:
                continue
        raise NothingFits

    if null:
        return nullable(draw_any)
    return draw_any


def compile_one_of(compiler: DrawCompiler, schema: Canonical, branches: list[Canonical], site: ValueSite) -> Draw:
    """Compile `oneOf`: any branch where they do not overlap; in a strict draw, a branch without the others."""
    living = [branch for branch in branches if not _is_gone(compiler, branch)] or branches
    branches = [*living, *(branch for branch in branches if branch not in living)]
    draws = [
        _lazily(lambda branch: compiler.compile(branch, compiler.narrow(branch, site)), branch) for branch in branches
    ]
    strict: list[Draw] = []
    accept = lazy_acceptor(schema, compiler.context.forms)

    def draw(s: DrawState) -> JsonValue:
        first = int(s.random() * len(living))
        order = [*range(first, len(living)), *range(first), *range(len(living), len(draws))]
        if s.tight:
            order.sort(key=lambda index: compiler.extents.of(branches[index]).height)
        if not s.strict:
            return _first_of([draws[index] for index in order], s, _anything)
        try:
            return _first_of([draws[index] for index in order], s, accept)
        except NothingFits:
            if not strict:
                strict.extend((*map(_tightly, draws), *_without_others(compiler, branches, site)))
            return _first_of(strict, s, accept)

    return draw


def compile_all_of(compiler: DrawCompiler, schema: Canonical, site: ValueSite) -> Draw:
    """Compile branches that all have to match, merged through their references when first drawn."""
    cell: list[Draw] = []

    def draw(s: DrawState) -> JsonValue:
        if not cell:
            cell.append(_conjunction(compiler, compiler.merger.expand(schema), site))
        return cell[0](s)

    return draw


def nullable(draw: Draw) -> Draw:
    """Return a draw that gives null now and then."""
    if isinstance(draw, ByRow):
        return draw.or_null(_NULLS)

    def draw_or_null(s: DrawState) -> JsonValue:
        if s.tight:
            return _or_null(draw, s)
        if not s.exemplary and s.random() < _NULLS:
            return None
        return draw(s)

    return draw_or_null


def _conjunction(compiler: DrawCompiler, schema: Canonical, site: ValueSite) -> Draw:
    """Distribute a conjunction over its alternatives, where merging left any."""
    view = schema.view()
    if not isinstance(view, AllOfView):
        if not isinstance(view, TypedGroupView):
            return compiler.compile(schema, site)
        return compile_search(compiler, schema, site)
    choice = next((branch for branch in view.branches if isinstance(branch.view(), AnyOfView | OneOfView)), None)
    if choice is None:
        return compile_search(compiler, schema, site)
    others = [branch for branch in view.branches if branch is not choice]

    def with_others(option: Canonical) -> Draw:
        merged = compiler.merger.merge([*others, option])
        if merged is not None:
            return compiler.compile(merged, compiler.narrow(option, site))
        return nothing

    options: list[Canonical] = choice.view().branches  # type: ignore[union-attr]
    draw = compile_any_of(compiler, options, site, with_others)
    if isinstance(choice.view(), AnyOfView):
        return draw
    accept = lazy_acceptor(schema, compiler.context.forms)
    usual, strict = _judged(draw, accept), list[Draw]()

    def draw_one(s: DrawState) -> JsonValue:
        try:
            return usual(s)
        except NothingFits:
            if not strict:
                merged = [compiler.merger.merge([*others, option]) for option in options]
                strict.extend(_without_others(compiler, [one for one in merged if one is not None], site))
            return _first_of(strict, s, accept)

    return draw_one


def _without_others(compiler: DrawCompiler, branches: list[Canonical], site: ValueSite) -> Iterable[Draw]:
    """Return each branch less the others: in all its cases where branches are few, else in one case."""
    expanded = [compiler.merger.expand(branch) for branch in branches]
    steps = [_MAX_SUBTRACTIONS]
    for index, branch in enumerate(expanded):
        others = [*expanded[:index], *expanded[index + 1 :]]
        rest = None
        if len(branches) <= _MAX_DISJOINT:
            rest = _less(branch, others)
        if rest is None:
            rest = _one_case(branch, others, steps)
        if rest is not None and not isinstance(rest.view(), FalseView):
            yield compiler.compile(rest, site)


def _less(branch: Canonical, others: list[Canonical]) -> Canonical | None:
    rest: Canonical | None = branch
    for other in others:
        rest = find_difference(rest, other) if rest is not None else None
        view = rest.view() if rest is not None else None
        if isinstance(view, AnyOfView) and len(view.branches) > _MAX_CASES:
            return None
    return rest


def _one_case(branch: Canonical, others: list[Canonical], steps: list[int]) -> Canonical | None:
    """Return one case of a branch without the others, tried out branch by branch as far as the steps reach."""
    if not others:
        return branch
    steps[0] -= 1
    rest = None
    if steps[0] > 0:
        rest = find_difference(branch, others[0])
    if rest is None:
        return None
    view = rest.view()
    cases = view.branches if isinstance(view, AnyOfView) else [rest]
    found = (_one_case(case, others[1:], steps) for case in cases if not isinstance(case.view(), FalseView))
    return next((case for case in found if case is not None), None)


def _first_of(draws: list[Draw], s: DrawState, accept: Callable[[JsonValue], bool]) -> JsonValue:
    """Return the first value that is accepted."""
    for draw in draws:
        try:
            value = draw(s)
        except NothingFits:
            continue
        if accept(value):
            return value
    raise NothingFits


def _anything(value: JsonValue) -> bool:
    return True


def _tightly(draw: Draw) -> Draw:
    """Return a draw of required parts only."""

    def draw_tightly(s: DrawState) -> JsonValue:
        tight, s.tight = s.tight, True
        try:
            return draw(s)
        finally:
            s.tight = tight

    return draw_tightly


def _lazily(compile_: Callable[[Canonical], Draw], schema: Canonical) -> Draw:
    """Return a draw that is compiled when it is first used."""
    cell: list[Draw] = []

    def draw(s: DrawState) -> JsonValue:
        if not cell:
            cell.append(compile_(schema))
        return cell[0](s)

    return draw


def _judged(draw: Draw, accept: Callable[[JsonValue], bool]) -> Draw:
    """Make a draw that judges its values in strict draws."""

    def draw_judged(s: DrawState) -> JsonValue:
        for _ in range(_STRICT_TRIES if s.strict else 1):
            value = draw(s)
            if not s.strict or accept(value):
                return value
        raise NothingFits

    return draw_judged


def _or_null(draw: Draw, s: DrawState) -> JsonValue:
    """Return a value, unless it would recur without an end: null ends it."""
    if s.depth > 2 * FULL_DEPTH:
        return None
    try:
        return draw(s)
    except NothingFits:
        return None


def _is_of(branch: Canonical, type_: str) -> bool:
    kind = branch.kind.value
    if kind == "multi_type":
        return False  # the other types, which a schema without `type` admits as well
    return (
        kind == type_
        or (type_ == "number" and kind == "integer")
        or kind in {"all_of", "any_of", "one_of", "reference", "enum", "const"}
    )


def _is_gone(compiler: DrawCompiler, branch: Canonical) -> bool:
    """
    Return True if an alternative is the shape of a deleted object.

    Clients seldom want it among the objects themselves.
    """
    view = branch.view()
    if isinstance(view, ReferenceView):
        written = compiler.context.sites.definitions.get(view.uri.removeprefix("#/$defs/"))
        if isinstance(written, dict):
            properties = written.get("properties")
        else:
            properties = None
        mark = None
        if isinstance(properties, dict):
            mark = properties.get("deleted")
        return isinstance(mark, dict) and (mark.get("enum") == [True] or mark.get("const") is True)
    mark_form = None
    if isinstance(view, ObjectView):
        mark_form = view.properties.get("deleted")
    mark_view = mark_form.view() if mark_form is not None else None
    return isinstance(mark_view, ConstView) and mark_view.value is True


def _is_null(branch: Canonical) -> bool:
    view = branch.view()
    return (isinstance(view, MultiTypeView) and view.types == ["null"]) or (
        isinstance(view, ConstView) and view.value is None
    )
