"""Answers that show things: their bodies, and the header fields that state knows."""

import dataclasses
from dataclasses import dataclass
from hashlib import blake2b

from mock_server.exchange.body import write_json
from mock_server.exchange.message import find_field
from mock_server.exchange.negotiate import ChosenMediaType, choose_status
from mock_server.respond.answer import SOURCE, STATE, Answer, RawField
from mock_server.respond.responder import Responder
from mock_server.state.presence import Presence
from mock_server.state.representation import ItemRepresentation, plain_ask
from mock_server.state.request import StateRefusal, StateRequest, documents, fill
from mock_server.state.resources import Action, Binding
from mock_server.state.seeds import ItemRepresentations
from mock_server.state.store import Record

_CREATED = 201


@dataclass(frozen=True, slots=True, eq=False)
class Showing:
    """Makes answers of things."""

    responder: Responder
    fittings: ItemRepresentations
    presence: Presence

    def show(self, asked: StateRequest, record: Record, status: int | None = None) -> Answer:
        """
        Make the answer of success that shows a thing; one without content, where none is documented.

        Args:
            asked: The request.
            record: The thing.
            status: Of the answer, where it is another one than usual.

        Raises:
            Refused: nothing that is documented is acceptable.
            Unfit: no answer that conforms can be made.
        """
        deed, record = asked.deed, self.presence.completed(asked, record)
        chosen = choose_status(deed.operation, status) if status is not None else None
        if chosen is not None and chosen.status != deed.chosen.status:
            deed = dataclasses.replace(deed, chosen=chosen)
        fitting = self.fittings.of(asked.resource, deed)
        source = STATE + asked.resource.name
        own = [(b"etag", tag_of(write_json(record.body)).encode())] if is_tagged(deed) else []
        if deed.act is Action.CREATE or status == _CREATED:
            own += self._location(asked, deed, record)
        if deed.chosen.is_empty:
            head = [*fitting.reply.head(), (SOURCE, source.encode("latin-1", "replace"))]
            return self.with_fields(
                asked, deed, Answer(deed.chosen.status, head, b"", source, deed.operation.entry), own
            )
        represented = self.represented(asked, fitting)
        inner = asked.place_of(record)
        body = fitting.show(represented, record.body or {}, plain_ask(asked.ask, deed, inner.variables, inner.values))
        return self.with_fields(asked, deed, fitting.reply.carry(represented, body, source, asked.ask), own)

    def represented(self, asked: StateRequest, fitting: ItemRepresentation) -> ChosenMediaType:
        """
        Return the representation that is acceptable.

        Raises:
            Refused: none is.
        """
        represented = fitting.reply.represent(asked.ask)
        if represented is None or fitting.reply.is_refused(asked.ask):
            raise StateRefusal(self.responder.refuse_accept(asked.deed.operation, fitting.reply, asked.ask))
        return represented

    def tag(self, asked: StateRequest, record: Record) -> str:
        """Return the validator of a thing: the same for the same content, in every process. RFC 9110, section 8.8.3."""
        return tag_of(write_json(self.presence.completed(asked, record).body))

    def conditional(self, asked: StateRequest, answer: Answer) -> Answer:
        """Obey If-None-Match, where 304 is documented. RFC 9110, section 13.1.2."""
        wanted = find_field(asked.ask.request.fields, b"if-none-match")
        tag = (
            next((value.decode("latin-1") for name, value in answer.fields if name == b"etag"), None)
            if wanted is not None
            else None
        )
        if wanted is None or tag is None or not documents(asked.deed.operation, 304):
            return answer
        tags = {each.strip().removeprefix("W/") for each in wanted.split(",")}
        if "*" not in tags and tag.removeprefix("W/") not in tags:
            return answer
        fields = [(name, value) for name, value in answer.fields if name not in {b"content-type", b"content-length"}]
        return answer._replace(status=304, fields=fields, body=b"")

    def _location(self, asked: StateRequest, deed: Binding, record: Record) -> list[RawField]:
        """Return where a new thing can be read. RFC 9110, section 10.2.2."""
        read = asked.resource.deeds.get(Action.READ)
        documented = any(h.name.lower() == "location" for h in deed.chosen.response.headers)
        if read is None or read.variable is None or not (documented or deed.chosen.status == _CREATED):
            return []
        entry = read.operation.entry
        base = self.responder.base_paths(entry)[0]
        path = base + fill(entry.template, {**asked.place.variables, read.variable: record.key})
        return [(b"location", path.encode("latin-1", "replace"))]

    def url(self, asked: StateRequest, path: str) -> str:
        """Return the URL of a path, as far as the request says where that is."""
        host = find_field(asked.ask.request.fields, b"host")
        scheme = "https" if self.responder.kit.settings.tls_cert is not None else "http"
        if host:
            return f"{scheme}://{host}{path}"
        return path

    def with_fields(self, asked: StateRequest, deed: Binding, answer: Answer, own: list[RawField]) -> Answer:
        """Return an answer with header fields that state knows, as far as the document lets them be."""
        judge = self.responder.judge_of(deed.operation.entry)
        documented = {header.name.lower(): header for header in deed.chosen.response.headers}
        fields = list(answer.fields)
        for name, value in own:
            header = documented.get(name.decode())
            choices = [value, self.absolute(asked, value)] if name == b"location" else [value]
            fitting = [
                choice
                for choice in choices
                if header is None or not any(judge.judge_header(header, choice.decode("latin-1")))
            ]
            if fitting:
                fields = [*(f for f in fields if f[0] != name), (name, fitting[0])]
        return answer._replace(fields=fields)

    def absolute(self, asked: StateRequest, value: bytes) -> bytes:
        """Return a path as a URL."""
        return self.url(asked, value.decode("latin-1")).encode("latin-1", "replace")


def is_tagged(deed: Binding) -> bool:
    """Return whether an answer has an ETag."""
    return any(header.name.lower() == "etag" for header in deed.chosen.response.headers)


def tag_of(content: bytes) -> str:
    """Return a strong validator of some content."""
    return f'"{blake2b(content, digest_size=8).hexdigest()}"'
