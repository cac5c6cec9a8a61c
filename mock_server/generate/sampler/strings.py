"""
Strings: believable ones if they fit, else ones written for the constraints.

First the column of what the property means, cut to the wanted length; where nothing in it fits, what `texts` writes.
Everything is judged before it is pooled.
"""

import math
from collections.abc import Callable

from mock_server.generate.realism import tables
from mock_server.generate.realism.descriptions import READ, read_description
from mock_server.generate.realism.example_shapes import (
    address_writer,
    code_writer,
    count_places,
    moment_writer,
    notation,
    number_writer,
    scheme_of,
)
from mock_server.generate.realism.meaning import Meaning, is_identifier
from mock_server.generate.realism.pools import ROWS, TABLE_OF
from mock_server.generate.realism.vocabularies import NAMES, PATTERNS, SENTENCES, WORDS
from mock_server.generate.sampler.columns import codes_like, column_of, moments_written, numbers_near
from mock_server.generate.sampler.compiler import (
    SamplerContext,
    ValueSite,
    from_column,
    from_values,
    meaning_of,
    spread,
)
from mock_server.generate.sampler.draw import ROW_MASK, Draw, DrawState, by_number
from mock_server.generate.text.texts import TextConstraints, write_texts
from mock_server.json_values import JsonValue
from mock_server.schema.canonical import StringView
from mock_server.schema.formats import find_format

_Accept = Callable[[JsonValue], bool]

# How many characters have to be those of a code, where the meaning is one and where nothing is known: `us-east-1` is
# none.
_SOME = 4
_A_LIST = 2  # values of a list at least
_A_FEW = 8  # names beside an example
_MANY = 6
# Kinds of which a document may list the words; None where nothing is known.
_LISTED = frozenset(
    (None, "word", "title", "status", "numeric_code", "access", "feature", "entity_name", "written", "company",
     "token", *WORDS,
     *tables.VOCABULARIES, *SENTENCES, *tables.WEAK)
)  # fmt: skip
_OPEN = frozenset((None, "word", *WORDS, *PATTERNS, *tables.VOCABULARIES, *(tables.WEAK - {"address", "company"})))
_NAMED = frozenset(("entity_name", "product_name"))
_COUNTABLE = frozenset((None, "written", "ordinal", "quantity"))
_TRIED = 32  # shaped texts that are judged before all are trusted


def compile_string(context: SamplerContext, view: StringView | None, site: ValueSite) -> Draw:
    """Compile the strings of a view, or any string."""
    formats = tuple(dict.fromkeys((*(view.formats if view else ()), *site.schema.formats)))
    demands = TextConstraints.of(view, formats, various=site.various or is_identifier(site.name))
    accept = demands.judge
    named = _named_column(context, site)
    if named is None and not any(find_format(name).is_asserted for name in formats):
        shaped = _shaped(context, site, accept)
        if shaped is not None:
            return shaped
    column, meaning = (named, None) if named is not None else column_of(context, site, formats)
    if column is not None:
        fitted = _fitted(column, view, accept, in_words=meaning is not None and meaning.kind in SENTENCES)
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


def _said(site: ValueSite, accept: _Accept | None) -> Draw | None:
    """Draw one of the words that the description lists; None where it lists none, or they have to differ."""
    if site.various or not site.description:
        return None
    meaning = meaning_of(site, "string", "")
    kind = meaning.kind if meaning is not None else None
    if kind not in _LISTED or (meaning is not None and meaning.moment):
        return None
    description = tables.LINK.sub(r"\1", site.description[:READ])
    said = read_description(description, site.beside)
    values = tuple(value for value in said.values if accept is None or accept(value))
    if kind in SENTENCES and (len(values) < _A_LIST or any(" " in value for value in values)):
        return None
    if values:
        return from_values(values, site.name)
    if kind in _COUNTABLE and said.least is not None and said.most is not None:
        numbers = tuple(map(str, range(math.ceil(said.least), math.floor(said.most) + 1)[:ROWS]))
        if numbers and (accept is None or all(map(accept, numbers))):
            return from_values(numbers, site.name)
    return None


def _shaped(context: SamplerContext, site: ValueSite, accept: _Accept | None) -> Draw | None:
    """
    Draw texts as the document shows or lists them, if that is more specific than their meaning.

    By the examples of the value itself, by the words that its description lists, by examples of the same property
    elsewhere, in this order. None where there are none.
    """
    own = [each for each in site.schema.examples() if isinstance(each, str) and each]
    meaning = meaning_of(site, "string", "")
    shown = _shaped_like(context, site, own, meaning, accept)
    if shown is not None:
        return shown
    said = _said(site, accept)
    if said is not None or own or not site.name or any(find_format(name).meaning for name in site.schema.formats):
        return said
    return _shaped_like(context, site, list(context.elsewhere.examples(site.name, site.owner)), meaning, accept)


def _shaped_like(
    context: SamplerContext, site: ValueSite, examples: list[str], meaning: Meaning | None, accept: _Accept | None
) -> Draw | None:
    fitting = [each for each in examples if accept is None or accept(each)]
    draw = _like(context, site, fitting, meaning) if fitting else None
    if draw is None or accept is None:
        return draw
    if all(accept(draw(DrawState(row, static=False, echo={}))) for row in range(_TRIED)):
        return draw
    return None


def _like(context: SamplerContext, site: ValueSite, examples: list[str], meaning: Meaning | None) -> Draw | None:
    """Draw texts like examples of a meaning."""
    example = examples[0]
    kind = meaning.kind if meaning is not None else None
    places = count_places(example)
    moments = moment_writer(example)
    if moments is not None and (meaning is None or meaning.moment or kind in tables.CODES):
        own = kind if meaning is not None and meaning.moment else "seen"
        return from_column(moments_written(context.pools, str(own), moments, example))
    if kind in tables.ADDRESSED:
        return _shaped_address(context, example)
    if meaning is not None and kind == "entity_id":
        return _shaped_ids(context, site, meaning, example)
    if kind in tables.NOTATED or kind in tables.LINKED:
        return _noted(context, str(kind), example, site)
    if kind == "address" and " " not in example and places >= _MANY:
        return from_column(codes_like(context.pools, example, site.name))
    if kind in _NAMED or kind in SENTENCES:
        return _named_like(context, examples, meaning)
    if (kind in tables.CODES and places >= _SOME) or (
        kind not in tables.VOCABULARIES and kind in _OPEN and places >= _MANY
    ):
        return from_column(codes_like(context.pools, example, site.name))
    if example.isdigit() and kind in _OPEN and len(example) < _MANY:
        return from_values(numbers_near(example), site.name)
    if (kind in _OPEN or kind in tables.CODES) and not site.various:
        return from_values(tuple(dict.fromkeys(examples)), site.name)
    return None


def _named_like(context: SamplerContext, examples: list[str], meaning: Meaning | None) -> Draw | None:
    """Draw names or sentences that the document shows; None where there are better ones."""
    different = tuple(dict.fromkeys(examples))
    kind, noun = (meaning.kind, meaning.noun) if meaning is not None else ("", "")
    is_notated = " " not in examples[0] and not examples[0].isalpha()
    if kind in SENTENCES or is_notated or len(different) > _A_LIST or (kind == "entity_name" and noun not in NAMES):
        if kind == "entity_name" and not is_notated and len(different) <= _A_LIST:
            different = (*different, *map(str, context.pools.entity_names(noun)[: _A_FEW - len(different)]))
        return from_column(tuple(different[row % len(different)] for row in range(ROWS)))
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
    codes = codes_like(pools, example[kept:], site.name)
    return from_column(tuple(example[:kept] + code for code in codes) if kept else codes)


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


def _fitted(
    column: tuple[JsonValue, ...], view: StringView | None, accept: _Accept | None, *, in_words: bool = False
) -> tuple[JsonValue, ...] | None:
    """Return the column with its misfits replaced; None if nothing in it fits."""
    if accept is None or all(map(accept, column)):
        return column
    longest = view.max_length if view is not None else None
    checked: list[JsonValue] = []
    for value in column:
        if isinstance(value, str) and longest is not None:
            value = _cut(value, longest, accept, in_words=in_words)  # noqa: PLW2901
        checked.append((value or None) if accept(value) else None)
    kept: list[JsonValue] = [value for value in checked if value is not None]
    if kept:
        return spread(checked, kept)
    return None


def _cut(text: str, longest: int, accept: _Accept, *, in_words: bool) -> str:
    """Cut a text to a length; sentences between two words, where that fits."""
    cut = text[:longest].rstrip()
    if in_words and len(text) > longest and " " in cut:
        shorter = cut.rpartition(" ")[0].rstrip(",.") + "."
        if len(shorter) <= longest and accept(shorter):
            return shorter
    return cut


def _id_draw(column: tuple[JsonValue, ...], meaning: Meaning | None, site: ValueSite, *, whole: bool) -> Draw:
    if whole and meaning is not None and meaning.kind == "entity_id":
        heads = tuple(str(value)[:-4] for value in column)
        return by_number(lambda row: f"{heads[row & ROW_MASK]}{row & 65535:04x}", of_itself=meaning.noun in site.owner)
    if meaning is not None and (
        meaning.kind in TABLE_OF or meaning.moment or meaning.kind in _NAMED or meaning.kind in SENTENCES
    ):
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
