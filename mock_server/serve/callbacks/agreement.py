"""
What a callback has in common with the exchange that it follows: where names agree, so do values.

After `POST /orders` was answered with `{"id": 7, "total": 5}`, an `orderId` or the `id` of an `order` is 7 in the callback,
and `total` is 5: as far as the schema of the callback takes them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from mock_server.generate.words import nouns_of, split_words
from mock_server.spec.model import Missing
from mock_server.typing import JsonObject, JsonValue, Pointer

_MOST_CHANGES = 200  # of one body; each is judged
_DEEPEST = 6
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,15})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Known:
    """What an exchange says, by names as words: `orderId` and `order_id` are both `order id`."""

    values: Mapping[str, JsonValue] = field(default_factory=dict)
    nouns: frozenset[str] = frozenset()  # what the exchange is about


def gather(template: str, variables: Mapping[str, str], request: JsonValue | Missing, response: JsonValue | Missing) -> Known:
    """
    Gather what an exchange says.

    Args:
        template: Of its path.
        variables: Of its path, percent-encoded.
        request: The body of its request, read; what the response says goes before.
        response: The body of its response, read.
    """
    values: dict[str, JsonValue] = {}
    noun = ""
    for segment in template.split("/"):
        variable = _VARIABLE.fullmatch(segment)
        if variable is None:
            noun = segment if segment and "{" not in segment else noun
            continue
        text = unquote(variables.get(variable[1], ""))
        values[_words(variable[1])] = text
        if _words(variable[1]) == "id":
            values.update({f"{name} id": text for name in nouns_of(noun)})
    nouns = nouns_of(noun)
    for body in (_object(request), _object(response)):
        values.update({_words(name): value for name, value in body.items()})
    if "id" in _object(response):
        values.update({f"{name} id": values["id"] for name in nouns})
    return Known(values, nouns)


def agree(value: JsonValue, known: Known, accepts: Callable[[JsonValue], bool]) -> JsonValue:
    """
    Make a value agree with what is known.

    Args:
        value: That conforms.
        known: What it should agree with.
        accepts: Whether a value conforms; what would not is left as it is.
    """
    for count, (pointer, wanted) in enumerate(_wishes(value, known, ())):
        if count == _MOST_CHANGES:
            break
        for form in _forms(wanted):
            changed = _with(value, pointer, form)
            if accepts(changed):
                value = changed
                break
    return value


def _wishes(value: JsonValue, known: Known, pointer: Pointer) -> Iterator[tuple[Pointer, JsonValue]]:
    """Where something is that has a known name, and what it should be."""
    if not isinstance(value, dict) or len(pointer) > _DEEPEST:
        return
    for name, member in value.items():
        words = _words(name)
        here = (*pointer, name)
        wanted = known.values.get(words)
        if wanted is not None and wanted != member:
            yield here, wanted
        if isinstance(wanted, dict):
            yield from _wishes(member, Known({_words(key): inner for key, inner in wanted.items()}), here)
        elif nouns_of(name) & known.nouns or words in {"data", "payload", "resource", "object"}:
            yield from _wishes(member, known, here)


def _forms(wanted: JsonValue) -> tuple[JsonValue, ...]:
    """A value, and what else it may be: a variable of a path is a text, even where it stands for a number."""
    if isinstance(wanted, str) and _WHOLE.match(wanted):
        return wanted, int(wanted)
    return (wanted, str(wanted)) if isinstance(wanted, int) and not isinstance(wanted, bool) else (wanted,)


def _with(value: JsonValue, pointer: Pointer, wanted: JsonValue) -> JsonValue:
    """A copy with one member changed."""
    if not pointer or not isinstance(value, dict):
        return wanted
    return {**value, pointer[0]: _with(value[pointer[0]], pointer[1:], wanted)}


def _object(body: JsonValue | Missing) -> JsonObject:
    """A body that is an object; an empty one for anything else."""
    return body if isinstance(body, dict) else {}


def _words(name: str) -> str:
    return " ".join(split_words(name))
