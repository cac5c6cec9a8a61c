"""
Texts that are written for what a schema demands: formats, patterns, lengths.

Candidates come by luck at first, each from what one demand alone allows; what several patterns agree on is then looked for.
"""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from random import Random

from mock_server.generate.automaton import iter_common
from mock_server.generate.language import Language
from mock_server.generate.regex import RegexError
from mock_server.generate.seed import derive_random
from mock_server.schema.canonical import StringView
from mock_server.schema.validate import compile_schema
from mock_server.typing import JsonObject, JsonValue

# As many texts are written, in as many attempts.
_WRITTEN = 48
_ATTEMPTS = 600
_LUCK = 80  # attempts without any success
# Nobody waits for longer texts than this.
_LONGEST = 1_000_000


@dataclass(frozen=True)
class Demands:
    """What a text has to be."""

    formats: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    least: int = 0  # code points
    most: int | None = None
    barred_patterns: tuple[str, ...] = ()
    barred_formats: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()

    @classmethod
    def of(cls, view: StringView | None, formats: tuple[str, ...]) -> "Demands":
        """What a view demands, or nothing; with the formats that the document names."""
        if view is None:
            return cls(formats)
        return cls(
            formats,
            tuple(view.patterns),
            view.min_length or 0,
            view.max_length,
            tuple(view.excluded_patterns),
            tuple(view.excluded_formats),
            tuple(view.excluded),
        )

    @cached_property
    def judge(self) -> Callable[[JsonValue], bool] | None:
        """Whether a text is as demanded; None where every text will do."""
        parts: list[JsonValue] = [{"format": name} for name in self.formats]
        parts += [{"pattern": pattern} for pattern in self.patterns]
        parts += [{"not": {"pattern": pattern}} for pattern in self.barred_patterns]
        parts += [{"not": {"format": name}} for name in self.barred_formats]
        if self.barred:
            parts.append({"not": {"enum": list(self.barred)}})
        schema: JsonObject = {"minLength": self.least} if self.least else {}
        if self.most is not None:
            schema["maxLength"] = self.most
        if parts:
            schema["allOf"] = parts
        return compile_schema({"type": "string", **schema}).is_valid if schema else None


@lru_cache(maxsize=2048)
def write_texts(seed: int, name: str, demands: Demands) -> tuple[str, ...]:
    """
    Write texts.

    Args:
        seed: Where chance comes from.
        name: Of the property: each has its own texts.
        demands: What they have to be.

    Returns:
        Some dozens of them; none where none was found.
    """
    if demands.least > _LONGEST:
        return ()
    random = derive_random(seed, "string", name, repr(demands.formats), demands.least, demands.most or -1)
    accept = demands.judge
    found: dict[str, None] = {}
    candidates = (text for text in _by_luck(random, demands) if text is not None)
    for attempt, text in enumerate(islice(candidates, _ATTEMPTS)):
        if accept is None or accept(text):
            found[text] = None
            if len(found) >= _WRITTEN:
                break
        if attempt == _LUCK and not found:
            agreed = _agreed(random, demands)
            found = dict.fromkeys(text for text in agreed or () if accept is None or accept(text))
            if found or (agreed is None and len(demands.patterns) + len(demands.barred_patterns) > 1):
                break
    return tuple(found)


def _agreed(random: Random, demands: Demands) -> list[str] | None:
    """Texts that all patterns agree on: none where they could not be walked to the end, None where there is none."""
    found: list[str] = []
    if not demands.patterns and not demands.barred_patterns:
        return found
    try:
        for _ in range(_WRITTEN // 4):  # each walk finds few, each time others
            walked = islice(iter_common(demands.patterns, demands.barred_patterns, demands.least, demands.most, random), 4)
            own = list(walked)
            if not own:
                return None
            found += own
    except RegexError:
        pass
    return found


def _by_luck(random: Random, demands: Demands) -> Iterator[str | None]:
    """Candidates, the likeliest first."""
    least, most = demands.least, demands.most
    languages = list(_languages(demands))
    for attempt in range(_ATTEMPTS // 2):
        for format_ in demands.formats:
            yield _format_text(random, format_, least)
        longer = least + attempt // 2 % 12  # a pattern that leaves an end open finds longer texts, too
        for language in languages:
            yield language.draw(random, longer, most) if attempt % 2 else language.draw_with_demands(random, longer, most)
        if len(languages) > 1:
            drawn = [language.draw(random) or "" for language in (languages if attempt % 2 else languages[::-1])]
            yield "".join(drawn)
        if (not demands.formats and not languages) or attempt % 8 == 0:
            yield plain_text(random, least, most)


def _languages(demands: Demands) -> Iterator[Language]:
    most = demands.most
    for pattern in sorted(demands.patterns, key=len, reverse=True):
        try:
            yield Language(pattern, longest=max(demands.least + 64, min(most if most is not None else 256, 2048)))
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
