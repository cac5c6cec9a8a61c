"""
Strings: believable ones where they fit, else ones written for the constraints.

Sources in order: the column of what the property means, texts of its formats, texts of its patterns, plain words;
each is cut or stretched to the wanted length and judged before it is pooled.
"""

import base64
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import format_datetime
from itertools import islice
from random import Random

from mock_server.generate.automaton import iter_common
from mock_server.generate.compiling import Setting, Spot, from_column, from_values, meaning_of, spread
from mock_server.generate.language import Language
from mock_server.generate.pools import ROWS, TABLE_OF
from mock_server.generate.regex import RegexError
from mock_server.generate.seed import derive_random
from mock_server.generate.semantics import Meaning
from mock_server.generate.state import MANY_ROWS, Draw, State
from mock_server.generate.words import split_words
from mock_server.schema.canonical import StringView
from mock_server.schema.validate import compile_schema
from mock_server.typing import JsonObject, JsonValue

# As many texts are written for a pattern, in as many attempts.
_WRITTEN = 48
_ATTEMPTS = 600
# Nobody waits for longer texts than this.
_LONGEST = 1_000_000

_Accept = Callable[[JsonValue], bool]


def compile_string(setting: Setting, view: StringView | None, spot: Spot) -> Draw:
    """Compile the strings of a view, or any string."""
    formats = tuple(dict.fromkeys((*(view.formats if view else ()), *spot.hints.formats())))
    accept = _acceptor(view, formats)
    named = _named_column(setting, spot)
    column, meaning = (named, None) if named is not None else _column(setting, spot, formats)
    if column is not None:
        fitted = _fitted(column, view, accept)
        if fitted is not None:
            return from_column(fitted) if named is not None else _id_draw(fitted, meaning, spot.name, whole=fitted is column)
    written = _written(setting, view, spot, formats, accept)
    return from_values(written, spot.name)


def _acceptor(view: StringView | None, formats: tuple[str, ...]) -> _Accept | None:
    """Judge by the view; None where every string will do."""
    schema: JsonObject = {}
    parts: list[JsonValue] = [{"format": name} for name in formats]
    if view is not None:
        if view.min_length:
            schema["minLength"] = view.min_length
        if view.max_length is not None:
            schema["maxLength"] = view.max_length
        parts += [{"pattern": pattern} for pattern in view.patterns]
        parts += [{"not": {"pattern": pattern}} for pattern in view.excluded_patterns]
        parts += [{"not": {"format": name}} for name in view.excluded_formats]
        if view.excluded:
            parts.append({"not": {"enum": list(view.excluded)}})
    if not schema and not parts:
        return None
    if parts:
        schema["allOf"] = parts
    return compile_schema({"type": "string", **schema}).is_valid


def _column(setting: Setting, spot: Spot, formats: tuple[str, ...]) -> tuple[tuple[JsonValue, ...] | None, Meaning | None]:
    """The column of what a string is about, and what that is."""
    format_ = next((name for name in formats if name != "password"), formats[0] if formats else "")
    meaning = meaning_of(spot, "string", format_)
    pools = setting.pools
    if meaning is None:
        return (None if formats else pools.column("word")), None
    if meaning.moment:
        words = split_words(spot.name)
        shape = format_ or ("date" if words and words[-1] in {"date", "birthday", "dob"} else "date-time")
        return tuple(_moment_text(moment, shape) for moment in pools.moments(meaning.kind)), meaning
    if meaning.kind == "entity_name":
        return pools.entity_names(meaning.noun), meaning
    if meaning.kind == "entity_id":
        if format_ in {"int32", "int64", "uint64", "decimal"}:
            first, step = pools.entity_ids(meaning.noun)
            return tuple(str(first + row * step % MANY_ROWS) for row in range(ROWS)), None
        return tuple(_uuid(pools.seed, meaning.noun, row) for row in range(ROWS)), meaning
    return tuple(value if isinstance(value, str) else str(value) for value in pools.column(meaning.kind)), meaning


def _named_column(setting: Setting, spot: Spot) -> tuple[JsonValue, ...] | None:
    """The column that the document or the settings name for a property."""
    wish = setting.overrides.get(spot.name, spot.hints.first("x-faker"))
    column = find_faker(setting, wish)
    if column is None and wish is not None:
        setting.unknown_fakers.add(str(wish))
    return tuple(map(str, column)) if column is not None else None


def find_faker(setting: Setting, wish: JsonValue) -> tuple[JsonValue, ...] | None:
    """
    The column that an `x-faker` asks for: `name.firstName`, `{numerify: "A-###"}`, `{random_element: [a, b]}`.

    Returns:
        None where nothing is asked for or nobody knows it.
    """
    if isinstance(wish, str):
        return setting.pools.find_named(wish)
    if isinstance(wish, list) and wish:
        return setting.pools.chosen(tuple(wish))
    if not isinstance(wish, dict) or len(wish) != 1:
        return None
    name, argument = next(iter(wish.items()))
    word = name.rpartition(".")[2].replace("_", "").lower()
    if word in {"randomelement", "arrayelement", "arrayelements", "randomelements"} and isinstance(argument, list) and argument:
        options = argument[0] if isinstance(argument[0], list) else argument
        return setting.pools.chosen(tuple(options)) if options else None
    if word in {"numerify", "bothify", "lexify", "hexify", "replacesymbols"} and isinstance(argument, str | list):
        pattern = argument[0] if isinstance(argument, list) and argument else argument
        return setting.pools.written(str(pattern))
    return setting.pools.find_named(name)


def _moment_text(moment: datetime, shape: str) -> str:
    if shape in {"date", "partial-date"}:
        return moment.date().isoformat()
    if shape == "time":
        return moment.time().isoformat() + "Z"
    if shape in {"http-date", "date-time-rfc1123"}:
        return format_datetime(moment, usegmt=True)
    if shape == "timestamp":
        return str(int(moment.timestamp()))
    return moment.isoformat().replace("+00:00", "Z")


def _uuid(seed: int, noun: str, row: int) -> str:
    """A version 4 UUID (RFC 9562) whose last four digits are left to the row."""
    digits = f"{derive_random(seed, 'uuid', noun, row).getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:28]}0000"


def _fitted(column: tuple[JsonValue, ...], view: StringView | None, accept: _Accept | None) -> tuple[JsonValue, ...] | None:
    """The column, its misfits replaced; None where nothing in it fits."""
    if accept is None or all(map(accept, column)):
        return column
    longest = view.max_length if view is not None else None
    cut = [value[:longest].rstrip() if isinstance(value, str) and longest is not None else value for value in column]
    checked = [value if accept(value) else None for value in cut]
    kept: list[JsonValue] = [value for value in checked if value is not None and value != ""]
    return spread([value or None for value in checked], kept) if kept else None


def _id_draw(column: tuple[JsonValue, ...], meaning: Meaning | None, salt: str, *, whole: bool) -> Draw:
    if whole and meaning is not None and meaning.kind == "entity_id":
        heads = tuple(str(value)[:-4] for value in column)

        def draw_uuid(s: State) -> JsonValue:
            return f"{heads[s.row & 255]}{s.row & 65535:04x}"

        return draw_uuid
    if meaning is not None and (meaning.kind in TABLE_OF or meaning.moment or meaning.kind == "entity_name"):
        return from_column(column)
    return _by_row_or_chance(column, meaning, salt)


def _by_row_or_chance(column: tuple[JsonValue, ...], meaning: Meaning | None, salt: str) -> Draw:
    """Identifiers go by row, so that a list repeats none; other texts by chance."""
    if meaning is not None and meaning.kind in {"serial_number", "iccid", "imsi", "evse_id", "id_tag", "license_plate", "iban", "phone"}:
        return from_column(column)
    return from_values(column, salt)


def _written(
    setting: Setting, view: StringView | None, spot: Spot, formats: tuple[str, ...], accept: _Accept | None
) -> tuple[JsonValue, ...]:
    """Texts written for the constraints; none where none was found."""
    least = view.min_length or 0 if view is not None else 0
    most = view.max_length if view is not None else None
    if least > _LONGEST:
        return ()
    random = derive_random(setting.pools.seed, "string", spot.name, repr(formats), least, most or -1)
    examples = (value for value in spot.hints.examples() if isinstance(value, str))
    texts = _texts(random, view, formats, least, most)
    found: dict[str, None] = {}
    for text in islice((text for text in texts if text is not None), _ATTEMPTS):
        if accept is None or accept(text):
            found[text] = None
            if len(found) >= _WRITTEN:
                break
    if not found and view is not None:
        found = dict.fromkeys(text for text in _in_common(random, view, least, most) if accept is None or accept(text))
    if not found:
        found = dict.fromkeys(text for text in examples if accept is None or accept(text))
    return tuple(found)


def _in_common(random: Random, view: StringView, least: int, most: int | None) -> Iterator[str]:
    """Texts that all patterns agree on, which is looked for where no luck was had."""
    if view.patterns or view.excluded_patterns:
        try:
            for _ in range(_WRITTEN // 4):  # each walk finds few, each time others
                found = tuple(islice(iter_common(view.patterns, view.excluded_patterns, least, most, random), 4))
                if not found:
                    return
                yield from found
        except RegexError:
            return


def _texts(random: Random, view: StringView | None, formats: tuple[str, ...], least: int, most: int | None) -> Iterator[str | None]:
    """Candidates, the likeliest first."""
    patterns = sorted(view.patterns, key=len, reverse=True) if view is not None else []
    languages = list(_languages(patterns, least, most))
    for attempt in range(_ATTEMPTS // 2):
        for format_ in formats:
            yield _format_text(random, format_, least)
        longer = least + attempt // 2 % 12  # a pattern that leaves an end open finds longer texts, too
        for language in languages:
            yield language.draw(random, longer, most) if attempt % 2 else language.draw_with_demands(random, longer, most)
        if len(languages) > 1:
            drawn = [language.draw(random) or "" for language in (languages if attempt % 2 else languages[::-1])]
            yield "".join(drawn)
        if (not formats and not patterns) or attempt % 8 == 0:
            yield plain_text(random, least, most)


def _languages(patterns: list[str], least: int, most: int | None) -> Iterator[Language]:
    for pattern in patterns:
        try:
            yield Language(pattern, longest=max(least + 64, min(most if most is not None else 256, 2048)))
        except RegexError:
            continue  # other candidates may fit by luck


def plain_text(random: Random, least: int, most: int | None) -> str:
    """Words of a wanted length, in code points."""
    ceiling = most if most is not None else max(least + 12, 12)
    wanted = random.randint(least, max(least, min(ceiling, least + 12)))
    letters = "etaoinshrdlu"
    text = ""
    while len(text) < wanted:
        text += "".join(random.choice(letters) for _ in range(random.randint(2, 7))) + " "
    text = text[:wanted]
    return text[:-1] + "e" if text.endswith(" ") else text


def _format_text(random: Random, format_: str, least: int) -> str | None:
    maker = _FORMAT_MAKERS.get(format_)
    text = maker(random) if maker else None
    if text is None or len(text) >= least:
        return text
    return _stretched(text, format_, least - len(text))


def _stretched(text: str, format_: str, missing: int) -> str:
    """The text made longer where its format lets it."""
    if format_ in {"date-time", "time"}:
        body, zone = text[:-1], text[-1]
        return f"{body}.{'0' * max(missing - 1, 1)}{zone}"
    if format_ in {"email", "idn-email"}:
        return "a" * missing + text
    if format_ in {"hostname", "idn-hostname"}:
        return ".".join(["a" * min(missing, 60)] * (1 + missing // 60)) + "." + text
    if format_ == "byte":
        return "QUJD" * (-(-missing // 4)) + text
    return text + "a" * missing


def _date(random: Random) -> str:
    return f"{random.randint(1990, 2030)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"


def _time(random: Random) -> str:
    return f"{random.randint(0, 23):02d}:{random.randint(0, 59):02d}:{random.randint(0, 59):02d}Z"


def _hex(random: Random, size: int) -> str:
    return f"{random.getrandbits(4 * size):0{size}x}"


def _byte(random: Random) -> str:
    return base64.b64encode(random.randbytes(random.choice((3, 6, 12)))).decode()


_FORMAT_MAKERS: dict[str, Callable[[Random], str]] = {
    "date-time": lambda r: f"{_date(r)}T{_time(r)}",
    "date": _date,
    "time": _time,
    "duration": lambda r: f"P{r.randint(1, 30)}D" if r.random() < 0.5 else f"PT{r.randint(1, 59)}M",  # noqa: PLR2004
    "email": lambda r: f"user{r.randint(1, 9999)}@example.com",
    "idn-email": lambda r: f"user{r.randint(1, 9999)}@example.com",
    "hostname": lambda r: f"host{r.randint(1, 9999)}.example.com",
    "idn-hostname": lambda r: f"host{r.randint(1, 9999)}.example.com",
    "ipv4": lambda r: f"192.0.2.{r.randint(1, 254)}",
    "ipv6": lambda r: f"2001:db8::{_hex(r, 4)}",
    "uri": lambda r: f"https://example.com/{_hex(r, 6)}",
    "url": lambda r: f"https://example.com/{_hex(r, 6)}",
    "uri-reference": lambda r: f"/{_hex(r, 6)}",
    "iri": lambda r: f"https://example.com/{_hex(r, 6)}",
    "iri-reference": lambda r: f"/{_hex(r, 6)}",
    "uri-template": lambda r: f"https://example.com/{_hex(r, 4)}/{{id}}",
    "uuid": lambda r: f"{_hex(r, 8)}-{_hex(r, 4)}-4{_hex(r, 3)}-a{_hex(r, 3)}-{_hex(r, 12)}",
    "json-pointer": lambda r: f"/{_hex(r, 4)}",
    "relative-json-pointer": lambda r: f"{r.randint(0, 3)}/{_hex(r, 4)}",
    "regex": lambda r: f"^[a-z]{{{r.randint(1, 9)}}}$",
    "byte": _byte,
    "base64url": lambda r: _byte(r).replace("+", "-").replace("/", "_"),
    "char": lambda r: r.choice("abcdefgh"),
    "decimal": lambda r: f"{r.randint(0, 999)}.{r.randint(0, 99):02d}",
}
