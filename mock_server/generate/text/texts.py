"""
Texts written for the constraints of a schema: formats, patterns, lengths.

Candidates come by luck at first, each from what one demand alone allows; what all demands agree on is then looked for,
the grammars of formats among them. So whether a text is found does not depend on luck, nor on the seed.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from random import Random
from typing import Final

from mock_server.generate.seed import derive_random
from mock_server.generate.text.automaton import iter_common
from mock_server.generate.text.language import Language
from mock_server.generate.text.regex import RegexError
from mock_server.json_values import JsonObject, JsonValue
from mock_server.schema.canonical import StringView
from mock_server.schema.formats import FORMATS, find_format
from mock_server.schema.validate import compile_schema

# As many texts are written, in as many attempts.
_WRITTEN = 48
_ATTEMPTS = 600
_LUCK = 80  # attempts without any success
# The longest text that is made.
_LONGEST = 1_000_000
# What is spent on finding out whether a format is possible, in states that are passed through; and up to which length.
_WORK = 200_000
_CHECKED_LENGTH = 1_000


@dataclass(frozen=True)
class TextConstraints:
    """The constraints on a text."""

    formats: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    least: int = 0  # code points
    most: int | None = None
    barred_patterns: tuple[str, ...] = ()
    barred_formats: tuple[str, ...] = ()
    barred: tuple[str, ...] = ()
    various: bool = False  # texts that have to differ: the shortest one that a pattern finds is not enough

    @classmethod
    def of(cls, view: StringView | None, formats: tuple[str, ...], *, various: bool = False) -> "TextConstraints":
        """Return the constraints of a view, if any, with the formats that the document names."""
        if view is None:
            return cls(formats, various=various)
        return cls(
            formats,
            tuple(view.patterns),
            view.min_length or 0,
            view.max_length,
            tuple(view.excluded_patterns),
            tuple(view.excluded_formats),
            tuple(view.excluded),
            various,
        )

    @cached_property
    def judge(self) -> Callable[[JsonValue], bool] | None:
        """The judge of texts; None where every text will do."""
        parts: list[JsonValue] = [{"format": name} for name in self.formats]
        parts += [{"pattern": pattern} for pattern in self.patterns]
        parts += [{"not": {"pattern": pattern}} for pattern in self.barred_patterns]
        parts += [{"not": {"format": name}} for name in self.barred_formats]
        if self.barred:
            parts.append({"not": {"enum": list(self.barred)}})
        if self.least:
            schema: JsonObject = {"minLength": self.least}
        else:
            schema = {}
        if self.most is not None:
            schema["maxLength"] = self.most
        if parts:
            schema["allOf"] = parts
        if schema:
            return compile_schema({"type": "string", **schema}).is_valid
        return None


@lru_cache(maxsize=2048)
def write_texts(seed: int, name: str, demands: TextConstraints) -> tuple[str, ...]:
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
    if accept is not None and len(demands.patterns) == 1 and not demands.formats:
        shaped = next((texts for shape in _SHAPES if (texts := _shaped(random, shape, accept))), ())
        if shaped:
            return shaped
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
            if found or agreed is None:
                break
    return tuple(found)


@lru_cache(maxsize=4096)
def has_format(format_: str, pattern: str | None, least: int, most: int | None) -> bool:
    """
    Return True if a text can have a format, a pattern and lengths at once.

    Args:
        format_: The name of the format.
        pattern: What has to be found in the text, or None.
        least: The least length, in code points.
        most: The greatest length, or None.

    Returns:
        False only where it is proven that none can.
    """
    record = find_format(format_)
    if record.max_length is not None and least > record.max_length:
        return False
    if least > _CHECKED_LENGTH:
        return True
    patterns = (pattern,) if pattern is not None else ()
    grammars = record.patterns[-1:]
    try:
        walked = iter_common((*patterns, *grammars), (), least, most, derive_random(0, "format", format_), _WORK)
        return not grammars or next(walked, None) is not None
    except RegexError:
        return True


def _shaped(random: Random, shape: Callable[[Random], str], accept: Callable[[JsonValue], bool]) -> tuple[str, ...]:
    """Return texts of a shape, if a pattern describes that shape rather than allows it among others."""
    texts = tuple(dict.fromkeys(shape(random) for _ in range(_WRITTEN)))
    one = texts[0]
    plain = re.sub(r"[\W_]", "0", one)
    is_described = all(map(accept, texts)) and not any(map(accept, (f"x{one}", f"{one}x", plain)))
    if is_described:
        return texts
    return ()


def _agreed(random: Random, demands: TextConstraints) -> list[str] | None:
    """
    Texts that all demands agree on.

    Returns:
        An empty list where they could not be walked to the end; None where it is proven that there is none.
    """
    if (
        not demands.patterns
        and not demands.barred_patterns
        and not any(find_format(name).grammars for name in demands.formats)
    ):
        return []
    is_proven = True
    for grammars in _grammars(demands.formats):
        found: list[str] = []
        try:
            for _ in range(_WRITTEN // 8):  # each walk finds few, each time others
                patterns = (*demands.patterns, *grammars)
                own = list(
                    islice(iter_common(patterns, demands.barred_patterns, demands.least, demands.most, random), 4)
                )
                if not own:
                    break
                found += own
        except RegexError:
            is_proven = False
        if found:
            return found
    if is_proven:
        return None
    return []


def _grammars(formats: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the grammars of formats together: their believable parts, then their wholes."""
    known = [record.patterns for record in map(find_format, formats) if record.grammars]
    return list(dict.fromkeys((tuple(each[0] for each in known), tuple(each[-1] for each in known))))


def _by_luck(random: Random, demands: TextConstraints) -> Iterator[str | None]:
    """Candidates, the likeliest first."""
    least, most = demands.least, demands.most
    languages = list(_languages(demands))
    for attempt in range(_ATTEMPTS // 2):
        for format_ in demands.formats:
            yield _format_text(random, format_, least)
        # a pattern that leaves an end open finds longer texts, too
        if demands.various or len(languages) > 1 or demands.formats:
            longer = least + attempt // 2 % 12
        else:
            longer = least
        for language in languages:
            if attempt % 2:
                draw = language.draw
            else:
                draw = language.draw_with_demands
            yield draw(random, longer, most)
        if len(languages) > 1:
            in_order = languages if attempt % 2 else languages[::-1]
            yield "".join(language.draw(random) or "" for language in in_order)
        if (not demands.formats and not languages) or attempt % 8 == 0:
            yield plain_text(random, least, most)


def _languages(demands: TextConstraints) -> Iterator[Language]:
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
    if text.endswith(" "):
        return text[:-1] + "e"
    return text


def _format_text(random: Random, format_: str, least: int) -> str | None:
    record = find_format(format_)
    if record.write is None:
        return None
    text = record.write(random)
    if len(text) >= least:
        return text
    return record.lengthen(text, least - len(text))


# What people write without a format, by a pattern.
_SHAPES: Final = tuple(shape for record in FORMATS.values() for shape in record.shapes)
