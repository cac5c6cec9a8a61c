"""
Requests of callbacks and webhooks, made from the document and the exchange that triggered them.

Properties with equal names get equal values: after `POST /orders` was answered with `{"id": 7, "total": 5}`, `orderId`
and the `id` of an `order` are 7 in the callback, and `total` is 5, as far as the schema of the callback accepts them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote, urldefrag

from mock_server.document.model import MISSING, Entry, MediaType, Missing
from mock_server.errors import SchemaError
from mock_server.exchange.message import RawFields, Request, Response
from mock_server.findings import Finding, Level
from mock_server.generate.engine import Engine
from mock_server.generate.request import Drafter, encode, request_outlines
from mock_server.json_values import JsonValue, Pointer, as_object
from mock_server.judges.request import RequestJudge
from mock_server.judges.response import ResponseJudge
from mock_server.names import nouns_of, split_words
from mock_server.schema.dialect import Direction, Purpose

_MOST_CHANGES = 200  # of one body; each is validated
_DEEPEST = 6
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,15})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class ExchangeValues:
    """Values of an exchange by the words of their names: `orderId` and `order_id` are both `order id`."""

    values: Mapping[str, JsonValue] = field(default_factory=dict)
    nouns: frozenset[str] = frozenset()  # names of the resource of the exchange


def gather_values(
    template: str, variables: Mapping[str, str], request: JsonValue | Missing, response: JsonValue | Missing
) -> ExchangeValues:
    """
    Gather the values of an exchange.

    Args:
        template: Of its path.
        variables: Of its path, percent-encoded.
        request: The decoded body of the request.
        response: The decoded body of the response; its values take precedence.
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
    for body in (as_object(request), as_object(response)):
        values.update({_words(name): value for name, value in body.items()})
    if "id" in as_object(response):
        values.update({f"{name} id": values["id"] for name in nouns})
    return ExchangeValues(values, nouns)


def _align(value: JsonValue, known: ExchangeValues, accepts: Callable[[JsonValue], bool]) -> JsonValue:
    """
    Return a value with known values in it, as far as it conforms.

    Args:
        value: It conforms.
        known: The known values.
        accepts: Whether a value conforms.
    """
    for count, (pointer, wanted) in enumerate(_find_changes(value, known, ())):
        if count == _MOST_CHANGES:
            break
        for form in _forms(wanted):
            changed = _replace_at(value, pointer, form)
            if accepts(changed):
                value = changed
                break
    return value


def _find_changes(value: JsonValue, known: ExchangeValues, pointer: Pointer) -> Iterator[tuple[Pointer, JsonValue]]:
    """Yield the pointers to members with known names, and their known values."""
    if not isinstance(value, dict) or len(pointer) > _DEEPEST:
        return
    for name, member in value.items():
        words = _words(name)
        here = (*pointer, name)
        wanted = known.values.get(words)
        if wanted is not None and wanted != member:
            yield here, wanted
        if isinstance(wanted, dict):
            yield from _find_changes(
                member, ExchangeValues({_words(key): inner for key, inner in wanted.items()}), here
            )
        elif nouns_of(name) & known.nouns or words in {"data", "payload", "resource", "object"}:
            yield from _find_changes(member, known, here)


def _forms(wanted: JsonValue) -> tuple[JsonValue, ...]:
    """Return a value as it is, then as a number or a text: a path variable is a text even if it is a number."""
    if isinstance(wanted, str) and _WHOLE.match(wanted):
        return wanted, int(wanted)
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        return (wanted, str(wanted))
    return (wanted,)


def _replace_at(value: JsonValue, pointer: Pointer, wanted: JsonValue) -> JsonValue:
    """Return a copy of a value with one member replaced."""
    if not pointer or not isinstance(value, dict):
        return wanted
    return {**value, pointer[0]: _replace_at(value[pointer[0]], pointer[1:], wanted)}


def _words(name: str) -> str:
    return " ".join(split_words(name))


# Fields of the connection, which a document can't set.
_CONNECTION = frozenset((b"host", b"content-length", b"transfer-encoding", b"connection", b"te", b"upgrade", b"expect"))


class ComposedRequest(NamedTuple):
    """A request that is ready to send."""

    url: str
    method: str
    fields: RawFields
    body: bytes
    findings: tuple[Finding, ...]  # of the request against the document


@dataclass(eq=False, repr=False)
class Composer:
    """Composes the callbacks and webhooks of one document."""

    kit: Engine
    _drafters: dict[tuple[str, Pointer], Drafter] = field(default_factory=dict)

    def compose(
        self, entry: Entry, url: str, known: ExchangeValues, seed: int, body: JsonValue | Missing = MISSING
    ) -> ComposedRequest:
        """
        Compose a request.

        Args:
            entry: The operation of the callback or webhook.
            url: Of the receiver.
            known: Values to use.
            seed: Of generated values.
            body: Instead of a generated one.

        Raises:
            SchemaError: no conforming body can be generated.
            UndefinedSerialization: OpenAPI leaves the style of a parameter and its value undefined.
        """
        drafter = self._drafter(entry)
        draft = drafter.draft()
        media = drafter.media()
        if not isinstance(body, Missing):
            draft = draft.with_body(body, media)
        elif media is not None:
            draft = draft.with_body(self._body(drafter, media, known, seed), media)
        # security of the whole document guards the API itself, not the receivers of callbacks
        if not isinstance(entry.node.value, dict) or "security" not in entry.node.value:
            draft = draft.with_security(())
        request = encode(draft, "", request_outlines(self.kit), self.kit.document.schemes)
        base, _ = urldefrag(url)
        query = request.query.decode("latin-1")
        target = base
        if query:
            target += ("&" if "?" in base else "?") + query
        fields = tuple(field for field in request.fields if field[0] not in _CONNECTION)
        return ComposedRequest(target, entry.method, fields, request.body, self._judge(entry, request))

    def judge_answer(self, entry: Entry, response: Response) -> tuple[Finding, ...]:
        """Judge the answer to a callback or webhook."""
        schemas = self.kit.schemas.of(Direction.RESPONSE, Purpose.JUDGE)
        try:
            return ResponseJudge(self.kit.document.operation(entry), schemas).judge(response)
        except SchemaError:
            return ()  # reported when the document is checked

    def _drafter(self, entry: Entry) -> Drafter:
        key = entry.node.key
        if key not in self._drafters:
            self._drafters[key] = Drafter(self.kit, self.kit.document.operation(entry))
        return self._drafters[key]

    def _body(self, drafter: Drafter, media: MediaType, known: ExchangeValues, seed: int) -> JsonValue | Missing:
        """Return the documented example, else a generated value, with known values in it."""
        shown = any(not isinstance(example.value, Missing) for example in media.examples)
        value = drafter.body(media, 0 if shown else seed, full=False)
        if isinstance(value, Missing) or media.schema is None:
            return value
        return _align(value, known, drafter.producer(media.schema).accepts)

    def _judge(self, entry: Entry, request: Request) -> tuple[Finding, ...]:
        document = self.kit.document
        try:
            judge = RequestJudge(
                document, document.operation(entry), self.kit.schemas.of(Direction.REQUEST, Purpose.JUDGE)
            )
        except SchemaError:
            return ()  # reported when the document is checked
        found = judge.read(request, {}, security=False).findings
        # the path is that of the given URL
        return tuple(
            finding for finding in found if finding.level is Level.ERROR and (finding.instance or ("",))[0] != "path"
        )
