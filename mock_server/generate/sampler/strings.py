"""
Strings: believable ones if they fit, else ones written for the constraints.

First the column of what the property means, cut to the wanted length; where nothing in it fits, what `texts` writes.
Everything is judged before it is pooled.
"""

from collections.abc import Callable
from datetime import datetime

from mock_server.generate.realism import tables
from mock_server.generate.realism.example_shapes import (
    address_writer,
    code_writer,
    count_places,
    is_term,
    moment_writer,
    notation,
    number_writer,
    scheme_of,
)
from mock_server.generate.realism.meaning import Meaning, is_identifier
from mock_server.generate.realism.pools import ROWS, TABLE_OF, Pools
from mock_server.generate.sampler.compiler import (
    SamplerContext,
    ValueSite,
    from_column,
    from_values,
    meaning_of,
    spread,
)
from mock_server.generate.sampler.draw import MANY_ROWS, ROW_MASK, Draw, DrawState, by_number
from mock_server.generate.seed import derive_random
from mock_server.generate.text.texts import TextConstraints, write_texts
from mock_server.json_values import JsonValue
from mock_server.names import split_words
from mock_server.schema.canonical import StringView
from mock_server.schema.formats import find_format

_Accept = Callable[[JsonValue], bool]

# How many characters have to be those of a code, where the meaning is one and where nothing is known: `us-east-1` is
# none.
_SOME = 4
_MANY = 6
_TRIED = 32  # shaped texts that are judged before all are trusted


def compile_string(context: SamplerContext, view: StringView | None, site: ValueSite) -> Draw:
    """Compile the strings of a view, or any string."""
    formats = tuple(dict.fromkeys((*(view.formats if view else ()), *site.schema.formats)))
    demands = TextConstraints.of(view, formats, various=site.various or is_identifier(site.name))
    accept = demands.judge
    named = _named_column(context, site)
    shaped = None
    if named is None and not any(find_format(name).is_asserted for name in formats):
        shaped = _shaped(context, site, accept)
    if shaped is not None:
        return shaped
    column, meaning = (named, None) if named is not None else _column(context, site, formats)
    if column is not None:
        fitted = _fitted(column, view, accept)
        if fitted is not None:
            if named is not None:
                return from_column(fitted)
            return _id_draw(fitted, meaning, site, whole=fitted is column)
    written = write_texts(context.pools.seed, site.name, demands)
    if not written:
        written = tuple(
            example
            for example in site.schema.examples()
            if isinstance(example, str) and (accept is None or accept(example))
        )
    return from_values(written, site.name)


def _shaped(context: SamplerContext, site: ValueSite, accept: _Accept | None) -> Draw | None:
    """
    Draw texts shaped like the documented example, if it is more specific than their meaning.

    None elsewhere.
    """
    examples = [
        each for each in site.schema.examples() if isinstance(each, str) and each and (accept is None or accept(each))
    ]
    if not examples:
        return None
    example, meaning = examples[0], meaning_of(site, "string", "")
    kind = meaning.kind if meaning is not None else None
    places = count_places(example)
    draw: Draw | None = None
    if kind in tables.ADDRESSED:
        draw = _shaped_address(context, example)
    moments = moment_writer(example)
    if moments is not None and (meaning is None or meaning.moment or kind in tables.CODES):
        own = kind if meaning is not None and meaning.moment else "seen"
        draw = from_column(_moments(context.pools, str(own), moments, example))
    elif meaning is not None and kind == "entity_id":
        draw = _shaped_ids(context, site, meaning, example)
    elif kind in tables.NOTATED or kind in tables.LINKED:
        draw = _noted(context, str(kind), example, site)
    elif (kind in tables.CODES and places >= _SOME) or (meaning is None and places >= _MANY):
        draw = from_column(_codes(context.pools, example, site.name))
    elif (kind in tables.VOCABULARIES or (meaning is None and is_term(example))) and not site.various:
        draw = from_values(tuple(dict.fromkeys(examples)), site.name)
    if draw is None or accept is None:
        return draw
    if all(accept(draw(DrawState(row, static=False, echo={}))) for row in range(_TRIED)):
        return draw
    return None


def _shaped_ids(context: SamplerContext, site: ValueSite, meaning: Meaning, example: str) -> Draw | None:
    """Draw identifiers shaped like one."""
    first, step = context.pools.entity_ids(meaning.noun)
    if count_places(example) >= _MANY and not example.isdigit():
        write: Callable[[int], str] | None = code_writer(example, f"{context.pools.seed} {meaning.noun}")
    else:
        write = number_writer(example, first, step)
    if write is not None:
        return by_number(write, of_itself=meaning.noun in site.owner)
    return None


def _shaped_address(context: SamplerContext, example: str) -> Draw | None:
    """Draw addresses or networks of IP as the example is one: of its version, with its prefix."""
    write = address_writer(example)
    if write is None:
        return None
    if "/" in example:
        return from_column(tuple(map(write, range(ROWS))))
    return from_column(context.pools.column("ipv6" if ":" in example else "ipv4"))


def _noted(context: SamplerContext, kind: str, example: str, site: ValueSite) -> Draw | None:
    """Draw texts in the notation of the example; None if it is ours."""
    is_link = kind in tables.LINKED
    noted, pools = scheme_of if is_link else notation, context.pools
    ours = pools.derive(("notation", kind), lambda: tuple({noted(str(value)) for value in pools.column(kind)}))
    if noted(example) in ours:
        return None
    kept = example.rindex("/") if is_link and "/" in example else 0  # of a link, the last part alone is another
    codes = _codes(pools, example[kept:], site.name)
    return from_column(tuple(example[:kept] + code for code in codes) if kept else codes)


def _codes(pools: Pools, example: str, salt: str) -> tuple[str, ...]:
    """Return codes like an example."""
    return pools.derive(("code", example, salt), lambda: tuple(map(code_writer(example, salt), range(ROWS))))


def _moments(pools: Pools, kind: str, write: Callable[[datetime], str], form: str) -> tuple[str, ...]:
    """Return moments of a kind, in a form that stands for what writes them."""
    return pools.derive(("moment", kind, form), lambda: tuple(map(write, pools.moments(kind))))


def _column(
    context: SamplerContext, site: ValueSite, formats: tuple[str, ...]
) -> tuple[tuple[JsonValue, ...] | None, Meaning | None]:
    """Return the column for the meaning of a string, and the meaning."""
    format_ = next((name for name in formats if name != "password"), formats[0] if formats else "")
    meaning = meaning_of(site, "string", format_)
    if not formats and _is_numeral(context, site, meaning):
        meaning = Meaning("numeral")
    pools = context.pools
    if meaning is None:
        return (None if formats else pools.column("word")), None
    if meaning.moment:
        words = split_words(site.name)
        shape = format_ or meaning.shape or "date-time"
        if not format_ and not meaning.shape and words and words[-1] in {"date", "birthday", "dob"}:
            shape = "date"
        return _moments(pools, meaning.kind, find_format(shape).write_moment, f"format {shape}"), meaning
    if meaning.kind == "entity_name":
        return pools.entity_names(meaning.noun), meaning
    if meaning.kind == "entity_id":
        if find_format(format_).meaning in {"numeral", "decimal"}:
            first, step = pools.entity_ids(meaning.noun)
            return tuple(str(first + row * step % MANY_ROWS) for row in range(ROWS)), None
        noun = meaning.noun
        uuids = pools.derive(("uuid", noun), lambda: tuple(_uuid(pools.seed, noun, row) for row in range(ROWS)))
        return uuids, meaning
    texts = tuple(map(str, pools.column(meaning.kind)))
    if meaning.kind in tables.CODES_IN_CASES:
        return _cased(texts, site), meaning
    return texts, meaning


def _is_numeral(context: SamplerContext, site: ValueSite, meaning: Meaning | None) -> bool:
    """Return True if a text holds a number, by other places of its name in the document."""
    if (
        site.is_item
        or (meaning.kind if meaning is not None else None) not in tables.MAYBE_NUMERALS
        or site.name in tables.GENERIC
    ):
        return False
    description = site.schema.text("description")
    return (not description or tables.OF_NUMBERS.search(description) is not None) and context.numerals.has(site.name)


def _cased(texts: tuple[str, ...], site: ValueSite) -> tuple[str, ...]:
    """Codes in the case that the description names, or else the examples have."""
    description = tables.LINK.sub(r"\1", site.schema.text("description"))
    shown = [example for example in site.schema.examples() if isinstance(example, str)]
    if tables.LOWER_CASE.search(description) or (
        shown and not tables.UPPER_CASE.search(description) and all(map(str.islower, shown))
    ):
        return tuple(map(str.lower, texts))
    if tables.UPPER_CASE.search(description) or (shown and all(map(str.isupper, shown))):
        return tuple(map(str.upper, texts))
    return texts


def _named_column(context: SamplerContext, site: ValueSite) -> tuple[JsonValue, ...] | None:
    """Return the column that the document or the settings name for a property."""
    named = context.overrides.get(site.name, site.schema.annotation("x-faker"))
    column = find_faker(context, named)
    if column is None and named is not None:
        context.unknown_fakers.add(str(named))
    if column is not None:
        return tuple(map(str, column))
    return None


def find_faker(context: SamplerContext, named: JsonValue) -> tuple[JsonValue, ...] | None:
    """
    Return the column that an `x-faker` asks for: `name.firstName`, `{numerify: "A-###"}`, `{random_element: [a, b]}`.

    Returns:
        None where there is no `x-faker`, or an unknown one.
    """
    if isinstance(named, str):
        return context.pools.find_named(named)
    if isinstance(named, list) and named:
        return context.pools.chosen(tuple(named))
    if not isinstance(named, dict) or len(named) != 1:
        return None
    name, argument = next(iter(named.items()))
    word = name.rpartition(".")[2].replace("_", "").lower()
    if (
        word in {"randomelement", "arrayelement", "arrayelements", "randomelements"}
        and isinstance(argument, list)
        and argument
    ):
        if isinstance(argument[0], list):
            options = argument[0]
        else:
            options = argument
        if options:
            return context.pools.chosen(tuple(options))
        return None
    if word in {"numerify", "bothify", "lexify", "hexify", "replacesymbols"} and isinstance(argument, str | list):
        if isinstance(argument, list) and argument:
            pattern = argument[0]
        else:
            pattern = argument
        return context.pools.written(str(pattern))
    return context.pools.find_named(name)


def _uuid(seed: int, noun: str, row: int) -> str:
    """Return a version 4 UUID, RFC 9562; its last four digits are set by the row."""
    digits = f"{derive_random(seed, 'uuid', noun, row).getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:28]}0000"


def _fitted(
    column: tuple[JsonValue, ...], view: StringView | None, accept: _Accept | None
) -> tuple[JsonValue, ...] | None:
    """Return the column with its misfits replaced; None if nothing in it fits."""
    if accept is None or all(map(accept, column)):
        return column
    longest = view.max_length if view is not None else None
    checked: list[JsonValue] = []
    for value in column:
        if isinstance(value, str) and longest is not None:
            value = value[:longest].rstrip()  # noqa: PLW2901 - cut
        checked.append((value or None) if accept(value) else None)
    kept: list[JsonValue] = [value for value in checked if value is not None]
    if kept:
        return spread(checked, kept)
    return None


def _id_draw(column: tuple[JsonValue, ...], meaning: Meaning | None, site: ValueSite, *, whole: bool) -> Draw:
    if whole and meaning is not None and meaning.kind == "entity_id":
        heads = tuple(str(value)[:-4] for value in column)
        return by_number(lambda row: f"{heads[row & ROW_MASK]}{row & 65535:04x}", of_itself=meaning.noun in site.owner)
    if meaning is not None and (meaning.kind in TABLE_OF or meaning.moment or meaning.kind == "entity_name"):
        return from_column(column)
    return _by_row_or_chance(column, meaning, site.name)


def _by_row_or_chance(column: tuple[JsonValue, ...], meaning: Meaning | None, salt: str) -> Draw:
    """Draw identifiers by row, so that a list repeats none, and other texts by chance."""
    if meaning is not None and meaning.kind in {
        "serial_number",
        "iccid",
        "imsi",
        "evse_id",
        "id_tag",
        "license_plate",
        "iban",
        "phone",
    }:
        return from_column(column)
    return from_values(column, salt)
