"""Numbers: believable ones within the bounds, and exact multiples."""

import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from random import Random

from mock_server.generate.realism import quantities
from mock_server.generate.realism.descriptions import READ, read_description
from mock_server.generate.realism.meaning import Meaning
from mock_server.generate.realism.pools import ROWS
from mock_server.generate.sampler.compiler import (
    SamplerContext,
    ValueSite,
    acceptor,
    by_chance,
    from_column,
    from_values,
    meaning_of,
    nothing,
)
from mock_server.generate.sampler.draw import MANY_ROWS, Draw, DrawState, by_number
from mock_server.generate.sampler.strings import find_faker
from mock_server.generate.seed import derive_random
from mock_server.json_values import JsonObject, JsonValue
from mock_server.names import split_words
from mock_server.numbers import LARGEST
from mock_server.schema.canonical import IntegerView, NumberView

_USUAL = (1.0, 200.0, 2)  # what a number is that nothing is known of, and its decimals
_POOL = 128
_FEW = 20
_NARROW = 2.0  # the width of a range whose numbers have decimals
_HUGE = 1e300  # a tenth more would be near infinity


def compile_integer(context: SamplerContext, view: IntegerView | None, site: ValueSite) -> Draw:
    """Compile the integers of a view, or any integer."""
    return _compile(context, view, site, "integer")


def compile_number(context: SamplerContext, view: NumberView | None, site: ValueSite) -> Draw:
    """Compile the numbers of a view, or any number."""
    return _compile(context, view, site, "number")


def _compile(context: SamplerContext, view: IntegerView | NumberView | None, site: ValueSite, type_: str) -> Draw:
    least, most = (view.minimum, view.maximum) if view is not None else (None, None)
    columned = _column_draw(context, site, type_, least, most, view)
    if columned is not None:
        return columned
    low, high, decimals = _range(site, type_)
    first, last = _window(low, high, least, most)
    if view is not None and (view.multiple_of or view.not_multiple_of):
        return _multiples(context, site, view, first, last, integral=type_ == "integer")
    if type_ == "integer":
        return _whole(context, site, math.ceil(first), math.floor(last))
    accept = acceptor(_number_schema(view)) if isinstance(view, NumberView) else None
    if first > LARGEST or last < -LARGEST:
        whole: tuple[JsonValue, ...] = tuple(range(math.ceil(first), math.floor(last) + 1))
        return from_values(tuple(value for value in whole if accept is None or accept(value)), site.name)
    random = derive_random(context.pools.seed, "number", site.name, repr(first), repr(last))
    for candidates in (_numbers(random, first, last, decimals), _nearest(first, last)):
        values = tuple(dict.fromkeys(value for value in candidates if accept is None or accept(value)))
        if values:
            break
    return from_values(values, site.name)


def _whole(context: SamplerContext, site: ValueSite, first: int, last: int) -> Draw:
    """Draw whole numbers of a range."""
    if first > last:
        return nothing
    random = derive_random(context.pools.seed, "integer", site.name, *sorted(site.owner), first, last)
    return by_chance(tuple(random.randint(first, last) for _ in range(ROWS)))


def _number_schema(view: NumberView) -> JsonObject:
    schema: JsonObject = {"type": "number"}
    if view.minimum is not None:
        schema["exclusiveMinimum" if view.exclusive_minimum else "minimum"] = _plain(view.minimum)
    if view.maximum is not None:
        schema["exclusiveMaximum" if view.exclusive_maximum else "maximum"] = _plain(view.maximum)
    parts: list[JsonValue] = [{"multipleOf": _plain(step)} for step in view.multiple_of]
    parts += [{"not": {"multipleOf": _plain(step)}} for step in view.not_multiple_of]
    if view.excludes_integers:
        parts.append({"not": {"type": "integer"}})
    if parts:
        schema["allOf"] = parts
    return schema


def _plain(number: float | Decimal) -> int | float:
    if isinstance(number, Decimal):
        if number == number.to_integral_value():
            return int(number)
        return float(number)
    return number


def _range(site: ValueSite, type_: str) -> tuple[float, float, int]:
    """Return the least, the greatest and the decimals of believable numbers, by all that is said of them."""
    meaning = meaning_of(site, type_, next(iter(site.schema.formats), ""))
    said = read_description(site.description[:READ], site.beside)
    known = quantities.RANGES.get(meaning.kind) if meaning is not None else None
    near = _near_example(site)
    low, high, decimals = near or _measured(site, meaning) or known or _USUAL
    if known is not None and meaning is not None and meaning.kind in quantities.LIMITED:
        low, high = _overlap(low, high, known[0], known[1])
    if said.usual is not None and near is None:
        low, high, decimals = said.usual / 2, max(said.usual * 2, 1.0), _decimals_of(said.usual)
    low, high = _overlap(low, high, said.least, said.most)
    if near is None and type_ == "number" and high - low <= _NARROW:
        decimals = max(decimals, 2)
    return low, high, decimals


def _overlap(low: float, high: float, least: float | None, most: float | None) -> tuple[float, float]:
    """Return the part of a range within bounds that are only said; the bounds where they do not overlap."""
    first = low if least is None else max(low, least)
    last = high if most is None else min(high, most)
    if first < last:
        return first, last
    if least is not None and most is not None:
        return least, most
    if least is not None:
        return least, least + max(100.0, abs(least))
    return (0.0 if most is None or most > 0 else most - 100.0), (0.0 if most is None else most)


def _measured(site: ValueSite, meaning: Meaning | None) -> tuple[float, float, int] | None:
    """Return the range of a quantity by the unit that its name or its description says."""
    if meaning is not None and meaning.kind in quantities.LIMITED:
        return None
    name = " ".join(split_words(site.name))
    if name in quantities.OF_OWNER:
        name = max(sorted(site.owner), key=len, default=name)
    for by_name, by_description, range_ in quantities.UNITS:
        if by_name.search(name) or by_description.search(site.description[:READ]):
            return range_
    return None


def _near_example(site: ValueSite) -> tuple[float, float, int] | None:
    """Return the range and the decimals of documented examples; None where there are none."""
    shown = [each for each in site.schema.examples() if isinstance(each, int | float) and not isinstance(each, bool)]
    if not shown or not all(map(math.isfinite, shown)) or not any(shown):
        return None
    bounds = [bound for each in shown for bound in (each / 2, each * 2)]
    return min(bounds), max(bounds), max(map(_decimals_of, shown))


def _decimals_of(number: float) -> int:
    """Return how many decimals a number is written with, as far as that is believable."""
    text = repr(number)
    if not isinstance(number, float) or "e" in text or number.is_integer():
        return 0
    return min(len(text.partition(".")[2]), 6)


def _window(
    low: float, high: float, least: float | Decimal | None, most: float | Decimal | None
) -> tuple[float, float]:
    """Return the usual range within the bounds; a range near the bounds where these do not overlap."""
    floor = -math.inf if least is None else _plain(least)
    ceiling = math.inf if most is None else _plain(most)
    if floor > LARGEST:  # where floats end, numbers are whole, and few of them will do
        return floor, min(ceiling, floor + _FEW)
    if ceiling < -LARGEST:
        return max(floor, ceiling - _FEW), ceiling
    if floor != -math.inf:
        floor = max(floor, -LARGEST)
    if ceiling != math.inf:
        ceiling = min(ceiling, LARGEST)
    first, last = max(low, floor), min(high, ceiling)
    if first < last or (first == last and math.isfinite(first)):
        return first, last
    if math.isfinite(floor):
        if abs(floor) >= _HUGE:
            return floor, floor
        return floor, min(ceiling, floor + max(100, abs(floor) * 0.1))
    if abs(ceiling) >= _HUGE:
        return ceiling, ceiling
    return ceiling - max(100, abs(ceiling) * 0.1), ceiling


def _numbers(random: Random, first: float, last: float, decimals: int) -> Iterator[JsonValue]:
    """Return numbers of a range with few decimals; with more where the range is narrow."""
    width = float(last) - float(first)
    if 0 < width < 1:
        decimals = max(decimals, min(15, 2 - math.floor(math.log10(width))))
    for _ in range(_POOL):
        number = round(first + random.random() * width, decimals)
        if decimals:
            yield number
        else:  # a count or a status is written without a point, whatever its type allows
            yield int(number)


def _nearest(first: float, last: float) -> Iterator[JsonValue]:
    """Yield the numbers of a range too narrow for decimals."""
    yield from (
        first + (last - first) / 2,
        first,
        last,
        math.nextafter(first, math.inf),
        math.nextafter(last, -math.inf),
    )


def _multiples(
    context: SamplerContext,
    site: ValueSite,
    view: IntegerView | NumberView,
    first: float,
    last: float,
    *,
    integral: bool,
) -> Draw:
    """Exact multiples of all steps; multiples of the excluded steps are sorted out by the judge."""
    steps = [Fraction(str(step)) for step in view.multiple_of]
    if not steps and not integral:  # small enough to miss the excluded multiples
        steps = [min(Fraction(1, 100), *(Fraction(str(step)) / 2 for step in view.not_multiple_of))]
    if integral:
        steps.append(Fraction(1))
    step = steps[0]
    for other in steps[1:]:
        step = Fraction(
            math.lcm(step.numerator * other.denominator, other.numerator * step.denominator),
            step.denominator * other.denominator,
        )
    low, high = _in_steps(view, step, first, last)
    if high < low:
        return nothing
    if isinstance(view, NumberView):
        schema: JsonObject = _number_schema(view)
    else:
        schema = _integer_schema(view)
    accept = acceptor(schema)
    random = derive_random(context.pools.seed, "multiple", site.name, low, high)
    candidates = (_exact(step * random.randint(low, high)) for _ in range(_POOL * 2))
    values = tuple(dict.fromkeys(value for value in candidates if accept is None or accept(value)))
    return from_values(tuple(value for value in values if _divides(float(step), value)) or values, site.name)


def _divides(step: float, value: float) -> bool:
    """Return True if a number is a multiple in floating point as well, which many validators divide in."""
    try:
        return (value / step).is_integer()
    except OverflowError:  # a whole number that no float holds
        return True


def _in_steps(view: IntegerView | NumberView, step: Fraction, first: float, last: float) -> tuple[int, int]:
    """Return the first and last multiple in the range, or else within the bounds."""
    low, high = math.ceil(Fraction(first) / step), math.floor(Fraction(last) / step)
    if low <= high:
        return low, high
    if view.minimum is not None:
        low = math.ceil(Fraction(_plain(view.minimum)) / step)
    else:
        low = min(0, high)
    if view.maximum is not None:
        high = math.floor(Fraction(_plain(view.maximum)) / step)
    else:
        high = low + 20
    if view.minimum is not None:
        return (low, min(high, low + 20))
    return (max(low, high - 20), high)


def _integer_schema(view: IntegerView) -> JsonObject:
    schema: JsonObject = {"type": "integer"}
    if view.minimum is not None:
        schema["minimum"] = view.minimum
    if view.maximum is not None:
        schema["maximum"] = view.maximum
    parts: list[JsonValue] = [{"multipleOf": _plain(step)} for step in view.multiple_of]
    parts += [{"not": {"multipleOf": _plain(step)}} for step in view.not_multiple_of]
    if parts:
        return {**schema, "allOf": parts}
    return schema


def _exact(number: Fraction) -> int | float:
    if number.denominator == 1:
        return number.numerator
    return float(number)


def _column_draw(
    context: SamplerContext,
    site: ValueSite,
    type_: str,
    least: float | Decimal | None,
    most: float | Decimal | None,
    view: IntegerView | NumberView | None,
) -> Draw | None:
    """Draw from the column of a document or a meaning, as far as the bounds allow."""
    column = find_faker(context, context.overrides.get(site.name, site.schema.annotation("x-faker")))
    meaning = meaning_of(site, type_, next(iter(site.schema.formats), ""))
    if column is None and meaning is not None:
        if meaning.kind == "entity_id" and (view is None or not view.multiple_of):
            return _entity_draw(context, site, meaning, least, most)
        if meaning.kind == "ordinal" and (view is None or not view.multiple_of):
            return _ordinal_draw(least, most)
        if meaning.moment:
            column = _moment_numbers(context, site, meaning)
        elif meaning.kind in {"latitude", "longitude", "max_watts", "max_voltage", "max_amperage"}:
            column = context.pools.column(meaning.kind)
    if column is None:
        return None
    floor, ceiling = (-math.inf if least is None else least), (math.inf if most is None else most)
    integral = type_ == "integer"
    fitting = all(
        isinstance(value, int | float) and floor <= value <= ceiling and (not integral or isinstance(value, int))
        for value in column
    )
    if fitting and (view is None or not view.multiple_of):
        return from_column(column)
    return None


def _entity_draw(
    context: SamplerContext,
    site: ValueSite,
    meaning: Meaning,
    least: float | Decimal | None,
    most: float | Decimal | None,
) -> Draw | None:
    """Return the number of a thing, by row."""
    first, step = context.pools.entity_ids(meaning.noun)
    if least is not None and least > first:
        first = math.ceil(least)
    if most is not None and most < first + MANY_ROWS:
        return None
    return by_number(lambda row: first + row * step % MANY_ROWS, of_itself=meaning.noun in site.owner)


def _ordinal_draw(least: float | Decimal | None, most: float | Decimal | None) -> Draw | None:
    """1, 2, 3, … in a list."""
    if (least is not None and least > 1) or (most is not None and most < MANY_ROWS):
        return None
    return DrawState.ordinal


def _moment_numbers(context: SamplerContext, site: ValueSite, meaning: Meaning) -> tuple[JsonValue, ...]:
    """Draw moments as seconds since 1970, or as milliseconds where the document says so."""
    about = f"{site.name} {site.description}"
    factor = 1000 if quantities.EPOCH_MILLISECONDS.search(about) else 1
    return tuple(int(moment.timestamp()) * factor for moment in context.pools.moments(meaning.kind)[:ROWS])
