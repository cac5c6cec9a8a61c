"""Arrays: lists of believable length, with items that differ from each other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard

import orjson

from mock_server.generate.sampler.compiler import ByRow, DrawCompiler, ValueSite, direct_references, nothing
from mock_server.generate.sampler.draw import (
    BUDGET_PER_ITEM,
    FULL_DEPTH,
    MANY_ROWS,
    ROW_MASK,
    Draw,
    DrawState,
    NothingFits,
)
from mock_server.json_values import JsonValue
from mock_server.names import nouns_of
from mock_server.schema.canonical import (
    AnyOfView,
    ArrayView,
    Canonical,
    ContainsView,
    Distinctness,
    FalseView,
    MultiTypeView,
    ReferenceView,
    TrueView,
    find_complement,
    find_difference,
    find_intersection,
)

# The longest list that is made.
_LONGEST = 100_000
# How often another item is drawn for one that is there already.
_PATIENCE = 40


@dataclass(slots=True)
class _ArrayPlan:
    """The plan of drawing the arrays of a view."""

    prefix: tuple[Draw, ...] = ()
    item: Draw | None = None  # None: there may be no more items than the prefix and what must be contained
    required: tuple[tuple[Draw, int], ...] = ()  # what must be contained, how often
    least: int = 0
    most: int | None = None
    distinct: bool = False  # must differ
    differing: bool = True  # had better differ
    repeated: bool = False
    references: tuple[str, ...] = ()
    floor: int = 0
    usual_least: int = 0

    def __post_init__(self) -> None:
        """Work out the least lengths: of a tight draw, and of any other."""
        self.floor = max(self.least, sum(times for _, times in self.required))
        self.usual_least = max(self.floor, len(self.prefix))
        if self.most is not None:
            self.most = min(self.most, _LONGEST)
        else:
            self.most = None


def compile_array(compiler: DrawCompiler, view: ArrayView | None, site: ValueSite) -> Draw:
    """Compile the arrays of a view, or any array."""
    plan = _plan(compiler, view, site)
    if plan.least > _LONGEST:
        return nothing
    item = plan.item
    if item is None or plan.distinct or plan.repeated or plan.prefix or plan.required:
        return lambda s: _draw(plan, s)
    if plan.differing:
        if _is_column(item):
            return _looked_up(plan, item)
        return lambda s: _draw(plan, s)
    return Items(plan, item)


class Items:
    """Draws lists constrained by their items and their length alone."""

    __slots__ = ("_count", "_plan", "item")

    def __init__(self, plan: _ArrayPlan, item: Draw) -> None:
        self._plan = plan
        self._count = _counter(plan)
        self.item = item

    @property
    def least(self) -> int:
        """The least number of items."""
        return self._plan.least

    def usual_count(self, wanted: int | None, chance: float) -> int:
        """Return the number of items of an answer that is such a list."""
        wanted = max(_usual(chance) if wanted is None else wanted, self._plan.usual_least)
        if self._plan.most is None:
            return wanted
        return min(wanted, self._plan.most)

    def __call__(self, s: DrawState) -> JsonValue:
        """Draw a list."""
        count = self._count(s)
        if not count:
            return []
        item = self.item
        row, index, exemplary, size, outermost = s.row, s.index, s.exemplary, s.size, s.depth == 0
        first, step = int(s.random() * MANY_ROWS), int(s.random() * 32_768) * 2 + 1
        s.size = None
        items: list[JsonValue] = []
        try:
            for position in range(count):
                s.take_room()
                if outermost:
                    s.placed.clear()
                    s.budget = BUDGET_PER_ITEM
                s.row = (first + position * step) & 65535
                s.index = position
                items.append(item(s))
                s.exemplary = False
        finally:
            s.row, s.index, s.exemplary, s.size = row, index, exemplary, size
        return items


def _is_column(item: Draw) -> TypeGuard[ByRow]:
    """Return True if items are scalars drawn by the row; an enum may hold lists and objects."""
    return isinstance(item, ByRow) and not any(isinstance(value, dict | list) for value in item.usual)


def _looked_up(plan: _ArrayPlan, item: ByRow) -> Draw:
    """Draw lists of scalars by the row: neighbours that differ, where there are enough of them."""
    count_of = _counter(plan)

    def draw(s: DrawState) -> JsonValue:
        count = count_of(s)
        s.take_room(1 + count // 16)
        if item.example is not None and s.exemplary and count:
            return _draw(plan, s)
        column, first = item.usual, int(s.random() * MANY_ROWS)
        found: dict[tuple[type, JsonValue], JsonValue] = {}
        for position in range(max(4 * count, plan.least * 8)):
            if len(found) >= count:
                break
            value = column[first + position * 97 & ROW_MASK]
            found.setdefault((type(value), value), value)
        items = list(found.values())
        while len(items) < plan.least:
            items.append(items[len(items) % len(found)])
        return items

    return draw


def _plan(compiler: DrawCompiler, view: ArrayView | None, site: ValueSite) -> _ArrayPlan:
    is_distinct = view is not None and view.distinctness == Distinctness.ALL_DISTINCT
    item_site = ValueSite(
        site.schema.item(None),
        site.name,
        site.owner,
        nouns_of(site.name),
        site.beside,
        is_distinct,
        is_item=True,
        about=site.description,
    )
    if view is None:
        return _ArrayPlan(item=compiler.compile_any(item_site))
    prefix = tuple(
        compiler.compile(
            item, ValueSite(site.schema.item(index), site.name, site.owner, nouns_of(site.name), is_item=True)
        )
        for index, item in enumerate(view.prefix_items)
    )
    required = tuple(
        (compiler.compile(_contained(view, found, len(prefix)), item_site), found.min_contains or 1)
        for found in view.contains
        if found.min_contains is None or found.min_contains > 0
    )
    items, most = view.items, view.max_items
    item = None
    if items is not None and isinstance(items.view(), FalseView):
        most = len(prefix) if most is None else min(len(prefix), most)
    else:
        items = _uncontained(items, view.contains)
        is_any = items is None or isinstance(items.view(), TrueView)
        item = compiler.compile_any(item_site) if items is None or is_any else compiler.compile(items, item_site)
    return _ArrayPlan(
        prefix,
        item,
        required,
        max(view.min_items or 0, len(prefix) if required else 0),
        most,
        distinct=is_distinct,
        differing=items is None or _is_scalar(items),
        repeated=view.distinctness == Distinctness.SOME_REPEATED,
        references=tuple(sorted(direct_references(items))) if items is not None else (),
    )


def _contained(view: ArrayView, found: ContainsView, prefix: int) -> Canonical:
    """Return the schemas of `contains`, as far as the items allow them."""
    if view.items is None or (prefix and view.max_items == prefix):
        return found.schema
    return find_intersection(view.items, found.schema) or found.schema


def _uncontained(items: Canonical | None, contains: list[ContainsView]) -> Canonical | None:
    """Return the items outside `contains`, where `maxContains` limits it."""
    for found in contains:
        if found.max_contains is not None and items is not None:
            items = find_difference(items, found.schema) or items
        elif found.max_contains is not None:
            return find_complement(found.schema) or items
    return items


def _is_scalar(schema: Canonical) -> bool:
    view = schema.view()
    if isinstance(view, MultiTypeView):
        return not {"array", "object"} & set(view.types)
    if isinstance(view, AnyOfView):
        return all(_is_scalar(branch) for branch in view.branches)
    return not isinstance(view, ReferenceView) and schema.kind.value not in {
        "array",
        "object",
        "all_of",
        "one_of",
        "raw",
    }


def _draw(plan: _ArrayPlan, s: DrawState) -> JsonValue:
    count = _count(plan, s)
    row, index, exemplary, size = s.row, s.index, s.exemplary, s.size
    first, step = int(s.random() * MANY_ROWS), int(s.random() * 32_768) * 2 + 1
    s.size = None
    outermost = s.depth == 0
    items: list[JsonValue] = []
    if plan.distinct or plan.differing:
        seen: set[bytes] | None = set()
    else:
        seen = None

    def place(draw: Draw, *, wanted: bool) -> bool:
        """Draw an item; again where it has to differ and does not, and leave it out in the end."""
        for attempt in range(_PATIENCE if plan.distinct or wanted else 4):
            s.take_room()
            position = len(items)
            s.row = (first + (position + attempt * 97) * step) & 65535
            s.index = position
            if outermost:
                s.placed.clear()
                s.budget = BUDGET_PER_ITEM
            s.exemplary = exemplary and position == 0 and attempt == 0
            value = draw(s)
            if seen is None:
                items.append(value)
                return True
            key = identity(value)
            if key not in seen or (wanted and not plan.distinct and attempt > 2):  # noqa: PLR2004 - enough tries for looks
                seen.add(key)
                items.append(value)
                return True
        return False

    try:
        for draw in plan.prefix[:count]:
            place(draw, wanted=True)
        for draw, times in plan.required:
            for _ in range(times):
                place(draw, wanted=True)
        while plan.item is not None and len(items) < count and place(plan.item, wanted=len(items) < plan.least):
            pass
    finally:
        s.row, s.index, s.exemplary, s.size = row, index, exemplary, size
    if plan.repeated:
        _repeat(items, plan)
    if len(items) < plan.least or (plan.most is not None and len(items) > plan.most):
        raise NothingFits
    return items


def _repeat(items: list[JsonValue], plan: _ArrayPlan) -> None:
    """Make two items the same."""
    if len(items) > 1:
        items[-1] = items[0]
    elif items and (plan.most is None or plan.most > 1):
        items.append(items[0])
    else:
        raise NothingFits


def _count(plan: _ArrayPlan, s: DrawState) -> int:
    """Return the length of one list; see `_counter`."""
    return _counter(plan)(s)


def _counter(plan: _ArrayPlan) -> Callable[[DrawState], int]:
    """Return the draw of lengths: the option for the outermost, few else, fewer with depth, none in recursion."""
    floor, least, most, references = plan.floor, plan.usual_least, plan.most, plan.references
    spare = 1.25 if references else 1.6
    without_room = 0 if references else 1

    def count(s: DrawState) -> int:
        if s.tight:
            return floor
        if s.size is not None:
            wanted = s.size
        elif s.depth >= FULL_DEPTH or s.budget <= 0:
            wanted = without_room
        elif s.depth == 0:
            wanted = _usual(s.random())
        else:
            wanted = 1 + int(s.random() * spare)
            for uri in references:
                again = s.active.get(uri, 0)
                if again:
                    wanted = 1 if again == 1 and s.random() < 0.3 else 0  # noqa: PLR2004 - a tree with a few branches
                    break
        wanted = max(wanted, least)
        if most is None or wanted <= most:
            return wanted
        return most

    return count


def _usual(chance: float) -> int:
    """Return a believable number of items, not long to read."""
    return 2 + int(chance * 2)


def identity(value: JsonValue) -> bytes:
    """Return a key that is the same for equal JSON values: 1 and 1.0 are, and the order of members does not count."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return str(value).encode()
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a lone surrogate, or a number beyond 64 bits deep inside
        return repr(value).encode("utf-8", "surrogatepass")
