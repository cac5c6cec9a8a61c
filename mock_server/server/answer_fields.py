"""The header fields of answers: their own, those of all answers, and those for browsers and caches."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from mock_server.cache import BoundedCache
from mock_server.document.model import Entry
from mock_server.respond.answer import OWN_PAGE, UPSTREAM, Answer, RawField
from mock_server.respond.headers import CACHE_CONTROL, NO_STORE, VARY_ON_ORIGIN, ending_fields, vary_field
from mock_server.server.backend import Backend, Message, Scope
from mock_server.server.browser import CONTENT_FIELDS, NOSNIFF, confine, with_cors, without_cors
from mock_server.settings import Settings

_FEW: Final = 4_096
WITHOUT_BODY: Final = frozenset((204, 304))  # and without Content-Length, RFC 9110, section 8.6


class AnswerFields:
    """Gives the answers of a server their header fields."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._varies: dict[
            int, tuple[Entry | None, Sequence[RawField]]
        ] = {}  # by the id of an operation, which stays its own
        self._lives: BoundedCache[int, tuple[Entry, Settings, tuple[RawField, ...]]] = BoundedCache(_FEW)
        self._generation = backend.generation  # that those are of

    def _framed(self, answer: Answer) -> list[RawField]:
        """Return the fields of an answer with its length and the fields of all answers."""
        fields = self.of(answer)
        if answer.status >= 200 and answer.status not in WITHOUT_BODY:  # noqa: PLR2004
            fields.append((b"content-length", b"%d" % len(answer.body)))
        return fields

    def of(self, answer: Answer) -> list[RawField]:
        """Return the fields of an answer and those for browsers and caches."""
        names = {name for name, _ in answer.fields}
        own = answer.fields if NOSNIFF[0] not in names else [pair for pair in answer.fields if pair[0] != NOSNIFF[0]]
        fields = [*CONTENT_FIELDS, *own]
        if answer.source != UPSTREAM:
            fixed = self._fixed(names)
            fields += fixed
            if CACHE_CONTROL not in names and not any(name == CACHE_CONTROL for name, _ in fixed):
                fields.append(NO_STORE)
            fields += self.vary(answer.entry)
        elif self.is_shared():
            fields.append(VARY_ON_ORIGIN)
        if answer.entry is not None and (answer.entry.deprecated or self._backend.settings.operations):
            fields += [pair for pair in self._endings(answer.entry) if pair[0] not in names]
        return fields

    def _endings(self, entry: Entry) -> tuple[RawField, ...]:
        """Return the fields that say since when an operation is deprecated, and when it ends."""
        known = self._lives.get(id(entry))
        if known is None or known[0] is not entry or known[1] is not self._backend.settings:
            fields = ending_fields(entry, self._backend.settings.for_operation(entry.id, entry.title))
            known = self._lives[id(entry)] = entry, self._backend.settings, fields
        return known[2]

    def _fixed(self, own: AbstractSet[bytes]) -> list[RawField]:
        """Return the fields that the settings add, except those that the answer has."""
        given = self._backend.settings.headers
        return [(name.encode(), value.encode()) for name, value in given.items() if name.encode() not in own]

    def vary(self, entry: Entry | None) -> Sequence[RawField]:
        """
        Return the `Vary` field of the answers of an operation.

        Nothing where the document has another word for it, which has to be kept.
        """
        if self._generation != self._backend.generation:
            self._generation = self._backend.generation
            self._varies.clear()
        known = self._varies.get(id(entry))
        if known is None:
            responders = (mount.responder for mount in self._backend.mounts)
            responder = next((each for each in responders if entry in each.document.entries), None)
            field = vary_field(responder.document if responder is not None else None, entry, shared=self.is_shared())
            refused = entry is not None and responder is not None and responder.judge_of(entry).refuses(*field)
            known = self._varies[id(entry)] = entry, () if refused else (field,)
        return known[1]

    def is_shared(self) -> bool:
        """
        Return whether pages of any origin may read answers.

        Those of the mock, unless it is set; a real server decides itself.
        """
        cors = self._backend.settings.cors
        if cors is not None:
            return cors
        return self._backend.relay is None

    def messages(self, answer: Answer, scope: Scope, *, is_own: bool = False) -> tuple[Message, Message]:
        """Return the messages of an answer."""
        if answer.source == OWN_PAGE:  # under a policy of its own
            length = (b"content-length", b"%d" % len(answer.body))
            return self._message(scope, answer, [*answer.fields, length])
        fields: Sequence[RawField] = self._framed(answer)
        if not is_own:
            fields = confine(fields, scope["headers"])
            if self.is_shared():
                fields = with_cors(fields, scope["headers"])
            elif self._backend.settings.cors is False and answer.source != UPSTREAM:
                fields = without_cors(fields, scope["headers"])
        return self._message(scope, answer, fields)

    def _message(self, scope: Scope, answer: Answer, fields: Sequence[RawField]) -> tuple[Message, Message]:
        start: Message = {"type": "http.response.start", "status": answer.status, "headers": fields}
        return start, {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body}
