"""
Repair: a request that was refused is sent again with what the refusal names added, dropped or drawn anew.

What is done to a part goes by the words in which it is named: `required` adds it, `is not allowed` drops it, and
anything else draws another value: a listed one, one of the character class, length or kind that the words ask for.
Each is tried once.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.drafting.plausible import iter_shown, plain_word
from mock_server.contract.drafting.refusals import NamedPart, read_refusal, value_at
from mock_server.contract.model import Exchanged
from mock_server.document.model import MISSING, Missing, ParameterLocation
from mock_server.generate.edges.steps import apply_step
from mock_server.generate.request import RequestDraft
from mock_server.generate.seed import derive_seed
from mock_server.generate.text.texts import TextConstraints, write_texts
from mock_server.json_values import JsonValue, Pointer, find_at
from mock_server.names import joined
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.sites import Site
from mock_server.schema.validate import pattern_ok

# Refusals whose words may say what is wrong with the request.
REPAIRABLE: Final = frozenset((400, 409, 412, 422))
_WANTED = re.compile(
    r"\b(?:required|missing|mandatory|must (?:be (?:given|set|provided|present|specified|included)|not be (?:empty|"
    r"blank|null)|contain|have|include)|can(?:no|')t be (?:blank|empty|null)|is empty|not (?:set|specified|provided|"
    r"given|present|found)|expected|no \w+ (?:given|provided|specified)|needs? (?:to be|a|an)|is undefined)\b",
    re.IGNORECASE,
)
_UNWANTED = re.compile(
    r"\b(?:is (?:provided|given|set)|(?:not|isn't) (?:allowed|permitted|supported|accepted)|unknown (?:field|property|"
    r"parameter|key|argument|attribute)|unexpected|additional|extra|unrecogni[sz]ed|unsupported|forbidden|read-?only|"
    r"must (?:be (?:empty|absent|null|omitted)|not be (?:set|present|given|specified|provided))|can(?:no|')t be (?:set|"
    r"specified|given|provided|changed)|mutually exclusive|conflicts? with)\b",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"\b(?:not found|(?:does|do) not exist|doesn't exist|no such|unknown|not (?:known|registered)|could not find|"
    r"foreign key|dangling)\b",
    re.IGNORECASE,
)
_EITHER = re.compile(r"\b(?:or|either|exactly one|only one|one of|mutually exclusive|not both)\b", re.IGNORECASE)
_LISTED = re.compile(
    r"(?:one of|any of|allowed values?|valid values?|valid options?|choose from|supported values?|permitted values?|"
    r"expected)\b[^:\[({'\"]{0,40}[:\[({]?\s*(?P<values>[^\n.;]{1,300})",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[\"'`]([^\"'`]{1,60})[\"'`]|([A-Za-z0-9][\w.:/+-]{0,59})")
_JOINING: Final = frozenset(
    ("or", "and", "the", "of", "a", "an", "to", "be", "is", "one", "value", "values", "following")
)
_PATTERN = re.compile(
    r"[\"'`/](\^[^\"'`]{1,200}?\$?|[^\"'`/\s]{0,80}\[[^\"'`/\s]{1,80}\][+*{}\d,$]*)[\"'`/]|(\^\S{1,200}\$)"
)
_LENGTH = re.compile(
    r"\b(at least|min(?:imum)?|at most|max(?:imum)?|exactly|than|of)\b\D{0,30}?(\d{1,4})", re.IGNORECASE
)
# What the words ask for, and a value of that kind.
_KINDS: Final[tuple[tuple[str, JsonValue], ...]] = (
    (r"e-?mail", "someone@example.com"),
    (r"uuid|guid", "8b0d6a4e-6f4a-4c0e-9d51-1f2a3b4c5d6e"),
    (r"\burls?\b|\buris?\b", "http://127.0.0.1:9/"),
    (r"\bip\b|ipv4|ip address", "192.0.2.7"),
    (r"ipv6", "2001:db8::7"),
    (r"future|past|date-?time|timestamp|rfc ?3339|iso ?8601", "2036-01-02T03:04:05Z"),
    (r"\bdate\b", "2036-01-02"),
    (r"duration", "10s"),
    (r"base ?64", "YWJj"),
    (r"hex", "abc123"),
    (r"boolean|\bbool\b|true or false", True),
    (r"positive|greater than|at least 1|integer|\bint\b|number", 1),
    (r"\bport\b", 8080),
    (r"array|\blist\b", []),
    (r"\bobject\b|\bmap\b|dictionary", {}),
)
# What is usual for a property, where nothing says which values there are.
_USUAL: Final[Mapping[str, tuple[JsonValue, ...]]] = {
    "algorithm": ("hmac-sha256", "sha256", "HS256", "RS256"),
    "encoding": ("utf-8", "base64", "gzip"),
    "format": ("json", "text", "csv"),
    "locale": ("en-US", "en"),
    "method": ("GET", "get"),
    "mode": ("default", "auto"),
    "protocol": ("http", "tcp"),
    "timezone": ("UTC", "Europe/Berlin"),
}
_SALTS = 6


@dataclass(eq=False, repr=False)
class Repairer:
    """Repairs the requests of one operation; remembers what it has tried."""

    subject: OperationUnderTest
    seed: int
    known: Callable[[str], Iterator[JsonValue]] = lambda name: iter(())  # what things said of a property
    note: Callable[[str], object] = lambda name: None  # is told each name that is made up
    _tried: set[tuple[Pointer, str]] = field(default_factory=set)

    def repair(self, refused: Exchanged) -> RequestDraft | None:
        """Return the request with what its refusal names mended; None where nothing is left to try."""
        draft = refused.probe.draft
        if draft is None:
            return None
        named = list(read_refusal(self.subject, refused).named)[:6]
        for choice in _choices(draft, named):
            if self._is_new(choice.where, "choose"):
                return self._choose(draft, named, choice)
        changed = draft
        for part in named:
            changed = self._mend(changed, part)
        if changed is draft:
            return None
        return changed

    def _choose(self, draft: RequestDraft, named: list[NamedPart], choice: NamedPart) -> RequestDraft:
        """Return the draft with one of some parts, where a refusal says that only one of them may be there."""
        for part in named:
            if part is not choice and part.words == choice.words:
                draft = self._set(draft, part.where, MISSING) or draft
        if value_at(draft, choice.where)[0]:
            return draft
        return self._mend(draft, choice)

    def _mend(self, draft: RequestDraft, part: NamedPart) -> RequestDraft:
        is_there = value_at(draft, part.where)[0]
        if not is_there and not self._is_new(part.where, "add"):
            return draft
        if not is_there:
            drawn = itertools.chain(self._drawn(draft, part.where, part.words), self._plain(part))
            return self._with_first(draft, part.where, drawn)
        if _is_unwanted(part.words) and self._is_new(part.where, "drop"):
            dropped = self._set(draft, part.where, MISSING)
            if dropped is not None:
                return dropped
        changed = self._with_first(draft, part.where, self._redrawn(draft, part))
        if changed is draft and self._is_new(part.where, "drop"):
            return self._set(draft, part.where, MISSING) or draft
        return changed

    def _is_new(self, where: Pointer, action: str) -> bool:
        """Note what is done to a part; gives whether it was not done before."""
        key = (where, action)
        is_new = key not in self._tried
        self._tried.add(key)
        return is_new

    def _with_first(self, draft: RequestDraft, where: Pointer, candidates: Iterator[JsonValue]) -> RequestDraft:
        """Return the draft with the first value that is new and keeps to the document."""
        for candidate in candidates:
            if self._is_new(where, repr(candidate)):
                changed = self._set(draft, where, candidate)
                if changed is not None:
                    return changed
        return draft

    def _set(self, draft: RequestDraft, where: Pointer, value: JsonValue | Missing) -> RequestDraft | None:
        """Return the draft with a part set or left out; None where that breaks the document."""
        if where[0] != "body":
            return self._set_parameter(draft, where, value)
        schema = draft.media.schema if draft.media is not None else None
        reading = self.subject.api.reading(schema) if schema is not None else None
        if reading is None or isinstance(draft.body, Missing):
            return None
        body = draft.body
        for size in range(2, len(where)):
            if not find_at(body, where[1:size])[0] and not isinstance(value, Missing):
                body = apply_step(body, where[1:size], {})
        body = apply_step(body, where[1:], value)
        if body == draft.body or not reading.make.is_valid(body):
            return None
        return draft.with_body(body)

    def _set_parameter(self, draft: RequestDraft, where: Pointer, value: JsonValue | Missing) -> RequestDraft | None:
        parameter = next(
            (p for p in self.subject.operation.parameters if (p.location.value, p.name) == where[:2]), None
        )
        if parameter is None or parameter.location is ParameterLocation.PATH:
            return None
        key = (parameter.location, parameter.name)
        if isinstance(value, Missing):
            return None if parameter.required else draft.without(key)
        reading = self.subject.api.reading(parameter.schema) if parameter.schema is not None else None
        if reading is not None and not reading.make.is_valid(value):
            return None
        return draft.with_parameter(key, value)

    def _site(self, draft: RequestDraft, where: Pointer) -> Site:
        schema = draft.media.schema if draft.media is not None else None
        if where[0] != "body" or schema is None:
            return Site()
        site = self.subject.api.kit.outline(schema, Direction.REQUEST, Purpose.MAKE)
        for token in where[1:]:
            site = site.item(int(token)) if token.isdigit() else site.member(token)
        return site

    def _redrawn(self, draft: RequestDraft, part: NamedPart) -> Iterator[JsonValue]:
        """Yield other values for a part: what the words ask for, then what the document shows, then others."""
        yield from self._asked_for(part, value_at(draft, part.where)[1])
        yield from self._drawn(draft, part.where, part.words)
        yield from self._plain(part)

    def _plain(self, part: NamedPart) -> Iterator[JsonValue]:
        """Yield a name that is made up."""
        word = plain_word(derive_seed(self.seed, *part.where))
        self.note(word)
        yield word

    def _drawn(self, draft: RequestDraft, where: Pointer, words: str) -> Iterator[JsonValue]:
        """Yield values that are shown or drawn for a part."""
        site = self._site(draft, where)
        listed = site.annotation("enum")
        yield from _listed_in(words)
        if isinstance(listed, list):
            yield from listed[:4]
        yield from itertools.islice(iter_shown(site.annotation("description")), 4)
        yield from itertools.islice(self.known(where[-1]), 4)
        yield from _USUAL.get(joined(where[-1]), ())
        for salt in range(1, _SALTS):
            if where[0] == "body" and draft.media is not None:
                body = self.subject.drafter.body(draft.media, salt * 31, full=True)
                found, value = find_at(None if isinstance(body, Missing) else body, where[1:])
                if found:
                    yield value
            else:
                yield from self._parameter(where, salt)

    def _parameter(self, where: Pointer, salt: int) -> Iterator[JsonValue]:
        for parameter in self.subject.operation.parameters:
            if (parameter.location.value, parameter.name) == where[:2]:
                value = self.subject.drafter.parameter(parameter, salt * 31)
                if not isinstance(value, Missing):
                    yield value

    def _asked_for(self, part: NamedPart, value: JsonValue) -> Iterator[JsonValue]:
        """Yield values of the kind that the words ask for."""
        words, seed = part.words, derive_seed(self.seed, *part.where)
        yield from _listed_in(words)
        for match in _PATTERN.finditer(words):
            pattern = match.group(1) or match.group(2)
            if pattern_ok(pattern):
                yield from write_texts(seed, part.where[-1], TextConstraints(patterns=(_whole(pattern),)))[:2]
        if isinstance(value, str):
            yield from _reworded(words, value, seed)
        yield from (kind for pattern, kind in _KINDS if re.search(pattern, words, re.IGNORECASE))


def _choices(draft: RequestDraft, named: list[NamedPart]) -> list[NamedPart]:
    """Return the parts of which a refusal says that one has to be there; none where it does not speak of a choice."""
    words = next((part.words for part in named if _EITHER.search(part.words)), None)
    parts = [part for part in named if part.words == words]
    there = sum(value_at(draft, part.where)[0] for part in parts)
    return parts if len(parts) > 1 and there != 1 else []


def _is_unwanted(words: str) -> bool:
    """Return whether a part is better left out: it is not allowed, or names what is not there."""
    if _UNKNOWN.search(words):
        return True
    return _UNWANTED.search(words) is not None and _WANTED.search(words) is None


def _whole(pattern: str) -> str:
    """Anchor a character class that words name, as `[a-z0-9-]`: the whole text is meant."""
    if pattern.startswith("^"):
        return pattern
    if pattern.endswith("]"):
        return f"^{pattern}+$"
    return f"^{pattern}$"


def _listed_in(words: str) -> Iterator[JsonValue]:
    """Yield the values that words list: `must be one of 'a', 'b'`."""
    match = _LISTED.search(words)
    if match is None:
        return
    for quoted, bare in _ITEM.findall(match.group("values"))[:6]:
        item = quoted or bare
        if item.lower() not in _JOINING:
            yield item
            if item.isdigit():
                yield int(item)


def _reworded(words: str, value: str, seed: int) -> Iterator[JsonValue]:
    """Yield a text changed as words ask: lower case, a dot at its end, another length."""
    if re.search(r"canonical|trailing dot|fully.qualified|end with a (?:dot|\.)|absolute name", words, re.IGNORECASE):
        yield value.rstrip(".") + "."
        yield f"{plain_word(seed)}.example."
    if re.search(r"leading slash|start with a? ?[\"']?/|absolute path|begin with [\"']?/", words, re.IGNORECASE):
        yield "/" + value.lstrip("/")
    if re.search(r"lower.?case", words, re.IGNORECASE):
        yield value.lower()
    if re.search(r"upper.?case", words, re.IGNORECASE):
        yield value.upper()
    if re.search(r"character|length|long|short|size|bytes", words, re.IGNORECASE):
        for kind, number in _LENGTH.findall(words)[:3]:
            size = int(number)
            most = kind.lower().startswith(("at most", "max"))
            yield (value + plain_word(seed) * (size // 5 + 1))[: max(size - 1, 1) if most else size + 1]
            yield (value + plain_word(seed) * (size // 5 + 1))[:size]
    if re.search(r"alphanumeric|letters|invalid character|special character|whitespace|spaces", words, re.IGNORECASE):
        yield plain_word(seed)
