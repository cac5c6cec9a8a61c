"""
The context that the compilers of strings, numbers, arrays and objects share.

The canonical form leaves references as they are: a conjunction with one is merged here when it is first drawn.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import orjson

from mock_server.findings import Place
from mock_server.generate.elsewhere import Elsewhere
from mock_server.generate.realism.descriptions import READ
from mock_server.generate.realism.meaning import Meaning, find_meaning
from mock_server.generate.realism.pools import Pools
from mock_server.generate.sampler.draw import ROW_MASK, Draw, DrawState, NothingFits, closed
from mock_server.generate.sampler.sizes import Extents
from mock_server.generate.seed import derive_random
from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.canonical import (
    AllOfView,
    AnyOfView,
    ArrayView,
    Canonical,
    Forms,
    NotView,
    OneOfView,
    ReferenceView,
    TypedGroupView,
    find_complement,
    find_intersection,
)
from mock_server.schema.sites import Site, Sites
from mock_server.schema.validate import compile_schema

_MAX_MERGES = 40


@dataclass(eq=False, repr=False)
class Merger:
    """Merges through the definitions of a document."""

    forms: Forms
    _entered: set[str] = field(default_factory=set)  # definitions that are being merged now

    def expand(self, schema: Canonical) -> Canonical:
        """Resolve references and merge conjunctions, as far as that goes."""
        for _ in range(_MAX_MERGES):
            view = schema.view()
            if isinstance(view, ReferenceView):
                target = self.forms.definition(view.uri)
                if target is None or view.uri in self._entered:
                    return schema
                schema = target
            elif isinstance(view, AllOfView):
                merged = self.merge(view.branches)
                if merged is None or merged == schema:
                    return schema
                schema = merged
            elif isinstance(view, TypedGroupView):
                schema = view.body
            elif isinstance(view, NotView):
                rejected = find_complement(self.expand(view.schema))
                if rejected is None or isinstance(rejected.view(), NotView):
                    return schema
                schema = rejected
            else:
                return schema
        return schema

    def merge(self, branches: list[Canonical]) -> Canonical | None:
        """Return the intersection of branches; a reference that is being merged already says nothing new."""
        result: Canonical | None = None
        entered: list[str] = []
        try:
            for branch in branches:
                view = branch.view()
                if isinstance(view, ReferenceView):
                    target = self.forms.definition(view.uri)
                    if view.uri in self._entered or target is None:
                        continue
                    self._entered.add(view.uri)
                    entered.append(view.uri)
                    branch = self.expand(target)  # noqa: PLW2901 - the branch, resolved
                elif isinstance(view, NotView):
                    branch = self.expand(branch)  # noqa: PLW2901
                if result is None:
                    result = branch
                else:
                    result = find_intersection(result, branch)
                if result is None:
                    return None
        finally:
            self._entered.difference_update(entered)
        return result


_log = logging.getLogger(__name__)
_SCALARS = frozenset((str, int, float, bool))
_KNOWN = 2048  # verdicts that one judge remembers


@dataclass(frozen=True, slots=True)
class Echo:
    """A parameter that answers repeat: the requested id, the filter applied."""

    name: str
    nouns: frozenset[str]  # what it identifies
    in_path: bool
    first: int = 1  # of a page's number: what the first one has
    is_noun: bool = False  # whether its name is that of a thing, as of `{customer}`


@dataclass(frozen=True, slots=True)
class ValueSite:
    """A place in the value that is compiled, with the name of its property and the nouns of the object around it."""

    schema: Site
    name: str = ""
    owner: frozenset[str] = frozenset()
    nouns: frozenset[str] = frozenset()  # what the value itself is, where it is an object
    beside: frozenset[str] = frozenset()  # the names of the properties of the object around it, as words
    various: bool = False  # whether values have to differ: items of a list, names of properties
    is_item: bool = False  # whether the name is that of a list, of which this is an item
    about: str = ""  # what is said of the list that it is an item of, or of the choice that it is an alternative of

    @property
    def description(self) -> str:
        """The descriptions of the value, and of the object that it is in."""
        own = self.schema.text("description")
        if not self.about or self.about == own:
            return own
        return f"{self.about[:READ]}\n{own[:READ]}".rstrip()


@dataclass(eq=False, repr=False)
class SamplerContext:
    """The context of all draws of one sampler."""

    pools: Pools
    sites: Sites
    forms: Forms
    echoes: tuple[Echo, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)  # property name -> x-faker
    unknown_fakers: set[str] = field(default_factory=set)
    distrustful: bool = False  # documented examples are judged before they are used
    repairing: bool = False  # a repair is under way, which what it draws need not repeat
    place: Place = field(default_factory=lambda: Place(""))  # of the schema
    elsewhere: Elsewhere = field(default_factory=Elsewhere)


class DrawCompiler(Protocol):
    """Compiles a canonical node at its site to a draw."""

    context: SamplerContext
    extents: Extents
    merger: Merger

    def compile(self, schema: Canonical, site: ValueSite) -> Draw:
        """Compile a node."""

    def compile_any(self, site: ValueSite, otherwise: str = "string") -> Draw:
        """Compile a node without a type."""

    def narrow(self, branch: Canonical, site: ValueSite) -> ValueSite:
        """Return the site of one alternative."""

    def compile_untyped(self, site: ValueSite) -> Draw:
        """Compile a schema without keywords."""

    def compile_bare(self, schema: Canonical, site: ValueSite) -> Draw:
        """Compile a node, documented examples left aside."""

    def compile_pattern(self, pattern: str) -> Draw:
        """Compile the names that match a pattern."""


def meaning_of(site: ValueSite, type_: str, format_: str) -> Meaning | None:
    """Guess the meaning of a scalar."""
    return find_meaning(site.name, site.owner, type_, format_, site.description[:READ], beside=site.beside)


def acceptor(schema: Canonical | JsonObject, forms: Forms | None = None) -> Callable[[JsonValue], bool] | None:
    """Compile the judge of one node, with the forms that it refers to; None if that fails."""
    try:
        if isinstance(schema, dict):
            return compile_schema(schema).is_valid
        written = forms.self_contained(schema) if forms is not None else schema.to_json_schema()
        return compile_schema(written if isinstance(written, dict) else {"not": {}}).is_valid
    except ValueError as error:
        _log.debug("no judge for a node: %s", error)
        return None


def compile_part(compiler: DrawCompiler, schema: JsonValue) -> Draw:
    """Compile a subschema by itself, without constraints from outside."""
    form = compiler.context.forms.part(schema)
    if form is not None:
        return compiler.compile_bare(form, ValueSite(Site()))
    return nothing


def lazy_acceptor(schema: Canonical, forms: Forms) -> Callable[[JsonValue], bool]:
    """Return the judge of one node, compiled on first use."""
    cell: list[Callable[[JsonValue], bool] | None] = []
    known: dict[tuple[type, JsonValue], bool] = {}

    def accept(value: JsonValue) -> bool:
        key = (type(value), value)
        if value.__class__ in _SCALARS and key in known:
            return known[key]
        if not cell:
            cell.append(acceptor(schema, forms))
        verdict = cell[0] is not None and _judged(cell[0], value)
        if value.__class__ in _SCALARS and len(known) < _KNOWN:
            known[key] = verdict
        return verdict

    return accept


def _judged(judge: Callable[[JsonValue], bool], value: JsonValue) -> bool:
    try:
        return judge(value)
    except ValueError:  # there are places in it that answers fill in
        return judge(orjson.loads(orjson.dumps(value, default=closed)))


def nothing(state: DrawState) -> JsonValue:
    """Return the draw of a node that no value was found for."""
    raise NothingFits


class ByRow:
    """
    A draw that goes by the row alone: a look-up among 256 values.

    Objects look all of theirs up at once; see `objects`. Columns of tables go by the lower half of the row, so that
    they agree; what goes by chance goes by the upper half.
    """

    __slots__ = ("example", "firm", "shift", "usual")

    def __init__(
        self, usual: tuple[JsonValue, ...], firm: tuple[JsonValue, ...], shift: int, example: Draw | None = None
    ) -> None:
        """
        Fill the rows.

        Args:
            usual: 256 values.
            firm: 256 values for draws in which nothing is left empty: tight and exemplary ones.
            shift: How many lower bits of the row are passed over: 0 or 8.
            example: Draws instead where examples are wanted.
        """
        self.usual = usual
        self.firm = firm
        self.shift = shift
        self.example = example

    def __call__(self, s: DrawState) -> JsonValue:
        """Look the row up."""
        if s.exemplary and self.example is not None:
            return self.example(s)
        return (self.firm if s.exemplary or s.tight else self.usual)[s.row >> self.shift & ROW_MASK]

    def or_null(self, share: float) -> "ByRow":
        """Return the same with null in a share of the rows."""
        random = derive_random("null", repr(self.usual[:4]))
        usual = list(self.usual)
        for row in range(len(usual)):
            if random.random() < share:
                usual[row] = None
        return ByRow(tuple(usual), self.firm, self.shift, self.example)

    def with_example(self, example: Draw) -> "ByRow":
        """Return the same with a draw for exemplary values."""
        return ByRow(self.usual, self.firm, self.shift, example)


def from_column(column: tuple[JsonValue, ...]) -> Draw:
    """Draw by row, so that the columns of one table agree."""
    return ByRow(column, column, 0)


def from_values(values: tuple[JsonValue, ...], salt: str) -> Draw:
    """Draw any of some values; places of different salts do not go together."""
    if not values:
        return nothing
    if len(values) == 1:
        return ByRow(values * (ROW_MASK + 1), values * (ROW_MASK + 1), 0)
    return by_chance(tuple(values[index] for index in _indices(salt, len(values))))


@lru_cache(maxsize=4_096)
def _indices(salt: str, count: int) -> tuple[int, ...]:
    """Return 256 indices below a count, drawn by a salt; kept, as operations share their schemas."""
    random = derive_random("values", salt, count)
    return tuple(int(random.random() * count) for _ in range(ROW_MASK + 1))


def by_chance(column: tuple[JsonValue, ...]) -> Draw:
    """Draw from 256 values, independently of the tables."""
    return ByRow(column, column, 8)


def spread(values: Iterable[JsonValue | None], kept: list[JsonValue]) -> tuple[JsonValue, ...]:
    """Make a column in which rows of None take another row's value."""
    column = list(values)
    for row, value in enumerate(column):
        if value is None:
            column[row] = kept[row % len(kept)]
    return tuple(column)


def direct_references(schema: Canonical, depth: int = 0) -> frozenset[str]:
    """Return the definitions that a node leads to without an object between."""
    view = schema.view()
    if isinstance(view, ReferenceView):
        return frozenset((view.uri,))
    if depth > 8:  # noqa: PLR2004 - arrays of arrays of arrays
        return frozenset()
    if isinstance(view, AnyOfView | OneOfView | AllOfView):
        return frozenset().union(*(direct_references(branch, depth + 1) for branch in view.branches))
    if isinstance(view, TypedGroupView):
        return direct_references(view.body, depth + 1)
    if isinstance(view, ArrayView):
        parts = [*view.prefix_items, *([view.items] if view.items is not None else [])]
        return frozenset().union(*(direct_references(part, depth + 1) for part in parts))
    return frozenset()
