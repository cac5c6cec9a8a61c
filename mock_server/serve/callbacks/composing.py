"""The request of a callback or webhook, as the document has it."""

from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urldefrag

from mock_server.contract.request import RequestJudge
from mock_server.contract.response import ResponseJudge
from mock_server.errors import SchemaError
from mock_server.exchange.message import RawFields, Request, Response
from mock_server.finding import Finding
from mock_server.generate.draft import Drafter, encode, request_outlines
from mock_server.generate.kit import Kit
from mock_server.rules import Level
from mock_server.schema.dialect import Direction, Purpose
from mock_server.serve.callbacks.agreement import Known, agree
from mock_server.spec.model import MISSING, Entry, MediaType, Missing
from mock_server.typing import JsonValue, Pointer

# Fields that belong to the connection: a document can't set them.
_NOT_OURS = frozenset((b"host", b"content-length", b"transfer-encoding", b"connection", b"te", b"upgrade", b"expect"))


class Composed(NamedTuple):
    """A request that is ready to be sent."""

    url: str
    method: str
    fields: RawFields
    body: bytes
    findings: tuple[Finding, ...]  # how it breaks the document


@dataclass(eq=False, repr=False)
class Composer:
    """Composes the callbacks and webhooks of one document."""

    kit: Kit
    _drafters: dict[tuple[str, Pointer], Drafter] = field(default_factory=dict)

    def compose(self, entry: Entry, url: str, known: Known, seed: int, body: JsonValue | Missing = MISSING) -> Composed:
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
        target = base + ("&" if "?" in base else "?") + query if query else base
        fields = tuple(field for field in request.fields if field[0] not in _NOT_OURS)
        return Composed(target, entry.method, fields, request.body, self._judge(entry, request))

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

    def _body(self, drafter: Drafter, media: MediaType, known: Known, seed: int) -> JsonValue | Missing:
        """The documented example, else a value that is made; agreeing with what is known."""
        shown = any(not isinstance(example.value, Missing) for example in media.examples)
        value = drafter.body(media, 0 if shown else seed, full=False)
        if isinstance(value, Missing) or media.schema is None:
            return value
        return agree(value, known, drafter.producer(media.schema).accepts)

    def _judge(self, entry: Entry, request: Request) -> tuple[Finding, ...]:
        document = self.kit.document
        try:
            judge = RequestJudge(document, document.operation(entry), self.kit.schemas.of(Direction.REQUEST, Purpose.JUDGE))
        except SchemaError:
            return ()  # said when the document is checked
        found = judge.read(request, {}, security=False).findings
        # the path is the URL that somebody gave
        return tuple(finding for finding in found if finding.level is Level.ERROR and (finding.instance or ("",))[0] != "path")
