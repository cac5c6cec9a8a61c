"""
The answers to ordinary requests, as bytes: the fast path's answer of a document, with its head.

This is the only place that asks the fast path (`respond.fast_path`). Every other request meets the middleware.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mock_server.cache import BoundedCache
from mock_server.document.model import Entry
from mock_server.exchange.message import RawFields, Request
from mock_server.exchange.problem import FIELD
from mock_server.pausing import OutOfTime, at_once
from mock_server.respond.answer import Answer, RawField
from mock_server.server.access_log import AccessLog
from mock_server.server.answer_fields import WITHOUT_BODY, AnswerFields
from mock_server.server.backend import RESERVED, Backend
from mock_server.server.browser import is_browser, reaches_further
from mock_server.server.connection.heads import write_head, write_lines

_ROOM: Final = 4 << 20  # bytes of heads that are at hand
# An answer's own fields, its status, the id of its operation, and whether something is said of the request.
_Shared = tuple[tuple[RawField, ...], int, int, bool]


@dataclass(slots=True, eq=False)
class _HeadTemplate:
    """The head that answers with the same fields have in common, without the violations of one request."""

    entry: Entry | None  # of the answers; the very object, so that its id stays its own
    reaches_further: bool  # whether a browser is not sent all of the fields
    before: list[RawField]
    after: list[RawField]  # what is said of a request
    first: Sequence[RawField] | None = None  # fields of the server that `head` begins with
    head: bytes | None = None  # None where the server has to look at it
    rest: bytes = b""


class OrdinaryAnswers:
    """Answers ordinary requests; see `server.connection.door`."""

    def __init__(self, backend: Backend, fields: AnswerFields, log: AccessLog) -> None:
        self._backend = backend
        self._fields = fields
        self._log = log
        self._templates: BoundedCache[_Shared, _HeadTemplate] = BoundedCache(_ROOM, _weigh)
        self._generation = backend.generation  # that those are of

    def waits_for_bodies(self) -> bool:
        """Return whether requests are read whole before they are answered."""
        backend = self._backend
        return backend.relay is None and (backend.disturber is None or backend.disturber.is_calm)

    def answer(self, request: Request, port: int | None, first: list[RawField]) -> bytes | None:
        """Answer an ordinary request; see `Door`."""
        started, backend = time.perf_counter(), self._backend
        if (
            request.path.startswith(RESERVED)
            or not self.waits_for_bodies()
            or backend.has_quotas
            or len(request.body) > backend.settings.max_body
            or (backend.ports is not None and port == backend.ports.admin)
            or not backend.hosts.accepts(request.fields)
        ):
            return None
        everybody = backend.worlds.everybody
        try:
            found = at_once(backend.mount_of(request).express.find, request, everybody)
        except OutOfTime:
            return None
        if found is None or found.status in WITHOUT_BODY or found.status < 200:  # noqa: PLR2004
            return None
        head = self._head(found, first, request.fields)
        if head is None:
            return None
        self._log.note(request, found, everybody, started)
        return b"%bcontent-length: %d\r\n\r\n%b" % (head, len(found.body), found.body)

    def _head(self, found: Answer, first: Sequence[RawField], asked: RawFields) -> bytes | None:
        """
        Write the head of an answer without its length, once a second for all answers with the same fields.

        Args:
            found: The answer.
            first: Fields of the server that come first.
            asked: Fields of the request.

        Returns:
            None where the answer depends on who asks, or the server has to look at it.
        """
        if self._generation != self._backend.generation:  # what was written for replaced documents
            self._generation = self._backend.generation
            self._templates.clear()
        own, said = found.fields, None
        if own and own[-1][0] == FIELD:
            own, said = own[:-1], own[-1]
        key = tuple(own), found.status, id(found.entry), said is None
        template = self._templates.get(key)
        if template is None:
            fields = self._fields.of(found)
            place = fields.index(said) if said is not None else len(fields)
            template = _HeadTemplate(found.entry, reaches_further(fields), fields[:place], fields[place + 1 :])
            self._templates[key] = template
        if template.reaches_further and is_browser(asked):
            return None
        if template.first is not first:
            head = write_head(found.status, first, template.before)
            template.first, template.head = first, head[:-2] if head is not None else None
            template.rest = write_lines(template.after) or b""
        if said is None or template.head is None:
            return template.head
        line = write_lines((said,))
        if line is None:
            return None
        return template.head + line + template.rest


def _weigh(shared: _Shared, _: _HeadTemplate) -> int:
    return 1_000 + 4 * sum(len(name) + len(value) for name, value in shared[0])
