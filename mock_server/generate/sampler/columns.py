"""Columns of texts by what they mean: 256 values, whatever is demanded of them."""

from collections.abc import Callable
from datetime import datetime

from mock_server.generate.realism import tables
from mock_server.generate.realism.descriptions import READ
from mock_server.generate.realism.example_shapes import code_writer
from mock_server.generate.realism.meaning import Meaning
from mock_server.generate.realism.pools import ROWS, Pools
from mock_server.generate.realism.vocabularies import SENTENCES
from mock_server.generate.sampler.compiler import SamplerContext, ValueSite, meaning_of
from mock_server.generate.sampler.draw import MANY_ROWS
from mock_server.generate.seed import derive_random
from mock_server.json_values import JsonValue
from mock_server.names import split_words
from mock_server.schema.formats import find_format

Texts = tuple[JsonValue, ...]
_SHORT = 6  # digits of an example that says of which size numbers are


def column_of(
    context: SamplerContext, site: ValueSite, formats: tuple[str, ...]
) -> tuple[Texts | None, Meaning | None]:
    """Return the column for the meaning of a string, and the meaning; None where nothing is known but a format."""
    format_ = next((name for name in formats if name != "password"), formats[0] if formats else "")
    meaning = meaning_of(site, "string", format_)
    if not formats and _is_numeral(context, site, meaning):
        meaning = Meaning("numeral")
    if meaning is None:
        return (None if formats else _varied(context.pools.column("plain"), site)), None
    if meaning.moment:
        return _moments(context, site, meaning, format_), meaning
    if meaning.kind == "entity_id" and find_format(format_).meaning in {"numeral", "decimal"}:
        first, step = context.pools.entity_ids(meaning.noun)
        return tuple(str(first + row * step % MANY_ROWS) for row in range(ROWS)), None
    if meaning.kind in SENTENCES:
        return _varied(context.pools.sentences(meaning.kind, meaning.noun), site), meaning
    return _COLUMNS.get(meaning.kind, _words)(context, site, meaning), meaning


def _moments(context: SamplerContext, site: ValueSite, meaning: Meaning, format_: str) -> Texts:
    words = split_words(site.name)
    shape = format_ if find_format(format_).meaning == "moment" else meaning.shape or "date-time"
    if not format_ and not meaning.shape and words and words[-1] in {"date", "birthday", "dob"}:
        shape = "date"
    return moments_written(context.pools, meaning.kind, find_format(shape).write_moment, f"format {shape}")


def moments_written(pools: Pools, kind: str, write: Callable[[datetime], str], form: str) -> tuple[str, ...]:
    """Return moments of a kind, in a form that stands for what writes them."""
    return pools.derive(("moment", kind, form), lambda: tuple(map(write, pools.moments(kind))))


def codes_like(pools: Pools, example: str, salt: str) -> tuple[str, ...]:
    """Return codes like an example."""
    return pools.derive(("code", example, salt), lambda: tuple(map(code_writer(example, salt), range(ROWS))))


def _names(context: SamplerContext, site: ValueSite, meaning: Meaning) -> Texts:
    names = context.pools.entity_names(meaning.noun)
    if tables.SLUGGED.search(site.description[:READ]):
        names = tuple(str(name).lower().replace(" ", "-") for name in names)
    return _varied(names, site)


def _numerals(context: SamplerContext, site: ValueSite, meaning: Meaning) -> Texts:
    shown = next((each for each in site.schema.examples() if isinstance(each, str) and each.isdigit()), "")
    if 0 < len(shown) < _SHORT and not site.various:
        numbers = numbers_near(shown)
        return tuple(numbers[row % len(numbers)] for row in range(ROWS))
    return context.pools.column("numeral")


def _written(context: SamplerContext, site: ValueSite, meaning: Meaning) -> Texts:
    return _varied(context.pools.numbers_as_texts(meaning.noun), site)


def _identifiers(context: SamplerContext, site: ValueSite, meaning: Meaning) -> Texts:
    noun, pools = meaning.noun, context.pools
    return pools.derive(("uuid", noun), lambda: tuple(_uuid(pools.seed, noun, row) for row in range(ROWS)))


def _paths(context: SamplerContext, site: ValueSite, meaning: Meaning) -> Texts:
    first, step = context.pools.entity_ids(meaning.noun)
    return tuple(f"/{meaning.noun or 'item'}s/{first + row * step % MANY_ROWS}" for row in range(ROWS))


def _words(context: SamplerContext, site: ValueSite, meaning: Meaning) -> Texts:
    texts = tuple(map(str, context.pools.column(meaning.kind)))
    if meaning.kind in tables.CODES_IN_CASES:
        return _cased(texts, site)
    return _varied(texts, site)


_COLUMNS: dict[str, Callable[[SamplerContext, ValueSite, Meaning], Texts]] = {
    "entity_name": _names,
    "entity_id": _identifiers,
    "numeral": _numerals,
    "written": _written,
    "relative_url": _paths,
}


def _varied(column: Texts, site: ValueSite) -> Texts:
    """Return a column with numbers behind values that come again, where all values have to differ."""
    if not site.various:
        return column
    met: dict[JsonValue, int] = {}
    varied: list[JsonValue] = []
    for value in column:
        met[value] = met.get(value, 0) + 1
        varied.append(value if met[value] == 1 else f"{value}-{met[value]}")
    return tuple(varied)


def _is_numeral(context: SamplerContext, site: ValueSite, meaning: Meaning | None) -> bool:
    """Return True if a text holds a number, by other places of its name in the document."""
    kind = meaning.kind if meaning is not None else None
    if site.is_item or kind not in tables.MAYBE_NUMERALS or site.name in tables.GENERIC:
        return False
    is_said = not site.description or tables.OF_NUMBERS.search(site.description) is not None
    return is_said and context.elsewhere.is_numeral(site.name)


def _cased(texts: tuple[str, ...], site: ValueSite) -> Texts:
    """Codes in the case that the description names, or else the examples have."""
    description = tables.LINK.sub(r"\1", site.description)
    shown = [example for example in site.schema.examples() if isinstance(example, str)]
    if tables.LOWER_CASE.search(description) or (
        shown and not tables.UPPER_CASE.search(description) and all(map(str.islower, shown))
    ):
        return tuple(map(str.lower, texts))
    if tables.UPPER_CASE.search(description) or (shown and all(map(str.isupper, shown))):
        return tuple(map(str.upper, texts))
    return texts


def _uuid(seed: int, noun: str, row: int) -> str:
    """Return a version 4 UUID, RFC 9562; its last four digits are set by the row."""
    digits = f"{derive_random(seed, 'uuid', noun, row).getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:28]}0000"


def numbers_near(example: str) -> tuple[str, ...]:
    """Return numbers of the size of one, as texts."""
    number = int(example)
    return tuple(
        str(number + step * max(number // 8, 1)) for step in range(-3, 13) if number + step * max(number // 8, 1) > 0
    )
