"""
The request of a callback or webhook, as the document has it.

What a callback has in common with the exchange that it follows: where names agree, so do values.

After `POST /orders` was answered with `{"id": 7, "total": 5}`, an `orderId` or the `id` of an `order` is 7 in the
callback, and `total` is 5: as far as the schema of the callback takes them.
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
from mock_server.json_values import JsonObject, JsonValue, Pointer
from mock_server.judges.request import RequestJudge
from mock_server.judges.response import ResponseJudge
from mock_server.names import nouns_of, split_words
from mock_server.schema.dialect import Direction, Purpose

_MOST_CHANGES = 200  # of one body; each is judged
_DEEPEST = 6
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,15})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class KnownWords:
    """What an exchange says, by names as words: `orderId` and `order_id` are both `order id`."""

    values: Mapping[str, JsonValue] = field(default_factory=dict)
    nouns: frozenset[str] = frozenset()  # what the exchange is about


def gather(
    template: str, variables: Mapping[str, str], request: JsonValue | Missing, response: JsonValue | Missing
) -> KnownWords:
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
    return KnownWords(values, nouns)


def agree(value: JsonValue, known: KnownWords, accepts: Callable[[JsonValue], bool]) -> JsonValue:
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


def _wishes(value: JsonValue, known: KnownWords, pointer: Pointer) -> Iterator[tuple[Pointer, JsonValue]]:
    """Yield where something is that has a known name, and what it should be."""
    if not isinstance(value, dict) or len(pointer) > _DEEPEST:
        return
    for name, member in value.items():
        words = _words(name)
        here = (*pointer, name)
        wanted = known.values.get(words)
        if wanted is not None and wanted != member:
            yield here, wanted
        if isinstance(wanted, dict):
            yield from _wishes(member, KnownWords({_words(key): inner for key, inner in wanted.items()}), here)
        elif nouns_of(name) & known.nouns or words in {"data", "payload", "resource", "object"}:
            yield from _wishes(member, known, here)


def _forms(wanted: JsonValue) -> tuple[JsonValue, ...]:
    """Return a value, and what else it may be: a variable of a path is a text, even where it stands for a number."""
    if isinstance(wanted, str) and _WHOLE.match(wanted):
        return wanted, int(wanted)
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        return (wanted, str(wanted))
    return (wanted,)


def _with(value: JsonValue, pointer: Pointer, wanted: JsonValue) -> JsonValue:
    """Return a copy with one member changed."""
    if not pointer or not isinstance(value, dict):
        return wanted
    return {**value, pointer[0]: _with(value[pointer[0]], pointer[1:], wanted)}


def _object(body: JsonValue | Missing) -> JsonObject:
    """Return a body that is an object; an empty one for anything else."""
    if isinstance(body, dict):
        return body
    return {}


def _words(name: str) -> str:
    return " ".join(split_words(name))


# Fields that belong to the connection: a document can't set them.
_NOT_OURS = frozenset((b"host", b"content-length", b"transfer-encoding", b"connection", b"te", b"upgrade", b"expect"))


class ComposedRequest(NamedTuple):
    """A request that is ready to be sent."""

    url: str
    method: str
    fields: RawFields
    body: bytes
    findings: tuple[Finding, ...]  # how it breaks the document


@dataclass(eq=False, repr=False)
class Composer:
    """Composes the callbacks and webhooks of one document."""

    kit: Engine
    _drafters: dict[tuple[str, Pointer], Drafter] = field(default_factory=dict)

    def compose(
        self, entry: Entry, url: str, known: KnownWords, seed: int, body: JsonValue | Missing = MISSING
    ) -> ComposedRequest:
        """
        Compose a request.

        Args:
            entry: The operation of the callback or webhook.
            url: Where to.
            known: What it should agree with.
            seed: Of what is made up.
            body: Instead of one that is made.

        Raises:
            SchemaError: no conforming body can be made.
            UndefinedSerialization: OpenAPI leaves the style of a parameter and its value undefined.
        """
        drafter = self._drafter(entry)
        draft = drafter.draft()
        media = drafter.media()
        if not isinstance(body, Missing):
            draft = draft.with_body(body, media)
        elif media is not None:
            draft = draft.with_body(self._body(drafter, media, known, seed), media)
        # what the whole document asks for guards the API itself, and not those who are called back
        own = isinstance(entry.node.value, dict) and "security" in entry.node.value
        draft = draft if own else draft.with_security(())
        request = encode(draft, "", request_outlines(self.kit), self.kit.document.schemes)
        base, _ = urldefrag(url)
        query = request.query.decode("latin-1")
        if query:
            target = base + ("&" if "?" in base else "?") + query
        else:
            target = base
        fields = tuple(field for field in request.fields if field[0] not in _NOT_OURS)
        return ComposedRequest(target, entry.method, fields, request.body, self._judge(entry, request))

    def judge_answer(self, entry: Entry, response: Response) -> tuple[Finding, ...]:
        """Judge what was answered to a callback or webhook."""
        schemas = self.kit.schemas.of(Direction.RESPONSE, Purpose.JUDGE)
        try:
            return ResponseJudge(self.kit.document.operation(entry), schemas).judge(response)
        except SchemaError:
            return ()  # said when the document is checked

    def _drafter(self, entry: Entry) -> Drafter:
        key = entry.node.key
        if key not in self._drafters:
            self._drafters[key] = Drafter(self.kit, self.kit.document.operation(entry))
        return self._drafters[key]

    def _body(self, drafter: Drafter, media: MediaType, known: KnownWords, seed: int) -> JsonValue | Missing:
        """Return the documented example, else a value that is made; agreeing with what is known."""
        shown = any(not isinstance(example.value, Missing) for example in media.examples)
        value = drafter.body(media, 0 if shown else seed, full=False)
        if isinstance(value, Missing) or media.schema is None:
            return value
        return agree(value, known, drafter.producer(media.schema).accepts)

    def _judge(self, entry: Entry, request: Request) -> tuple[Finding, ...]:
        document = self.kit.document
        try:
            judge = RequestJudge(
                document, document.operation(entry), self.kit.schemas.of(Direction.REQUEST, Purpose.JUDGE)
            )
        except SchemaError:
            return ()  # said when the document is checked
        found = judge.read(request, {}, security=False).findings
        # the path is the URL that somebody gave
        return tuple(
            finding for finding in found if finding.level is Level.ERROR and (finding.instance or ("",))[0] != "path"
        )
