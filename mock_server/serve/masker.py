"""What the documents know of secrets, for the mask: keys of security schemes, `format: password`, variables of paths."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from mock_server.contract.request import find_content, find_request_content
from mock_server.errors import SchemaError
from mock_server.exchange.mask import Mask, Shown, names_of
from mock_server.exchange.message import Request, Response, find_field
from mock_server.finding import Finding
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.outline import Outline
from mock_server.serve.journal import Recorded
from mock_server.serve.respond import Responder
from mock_server.serve.world import COOKIE
from mock_server.spec.model import Entry, MediaType


class Masker:
    """Takes the secrets out of exchanges with some documents."""

    def __init__(self, responders: Iterable[Responder]) -> None:
        self._responders = tuple(responders)
        schemes = [scheme for responder in self._responders for scheme in responder.document.schemes.values()]
        self.mask = Mask(names=names_of(schemes), open_cookies=frozenset((COOKIE,)))

    def conceal(self, recorded: Recorded) -> Shown:
        """Take the secrets out of an exchange of the journal; what it says besides stays as it was."""
        answer = recorded.answer
        return self.exchange(answer.entry, recorded.request, Response(answer.status, answer.fields, answer.body))

    def exchange(self, entry: Entry | None, request: Request, response: Response) -> Shown:
        """Take the secrets out of an exchange with an operation."""
        asked, answered = self._outlines(entry, request, response)
        template = entry.template if entry is not None else ""
        return self._of(entry).exchange(request, response, template=template, asked=asked, answered=answered)

    def seen_in(self, entry: Entry | None, request: Request, response: Response | None = None) -> Mask:
        """Make a mask that knows the secrets of an exchange."""
        asked, answered = self._outlines(entry, request, response)
        template = entry.template if entry is not None else ""
        return self._of(entry).seen_in(request, response, template=template, asked=asked, answered=answered)

    def head(self, recorded: Recorded) -> Request:
        """Take the secrets out of the target of a request alone: for lists of many."""
        request, entry = recorded.request, recorded.answer.entry
        mask = self._of(entry)
        path = mask.path(request.path, entry.template if entry is not None else "")
        return request._replace(path=path, query=mask.query(request.query), fields=(), body=b"")

    def findings(self, entry: Entry | None, request: Request, findings: Sequence[Finding]) -> list[str]:
        """Write the messages of findings in a request, without its secrets."""
        if not findings:
            return []
        mask = self.seen_in(entry, request)
        return [mask.finding(finding.message, finding.instance) for finding in findings]

    def _of(self, entry: Entry | None) -> Mask:
        responder = self._responder(entry)
        if responder is None or entry is None or not _speaks_of_passwords(responder):
            return self.mask
        return _with_parameters(responder, entry, self.mask)

    def _responder(self, entry: Entry | None) -> Responder | None:
        if entry is None:
            return None
        return next((responder for responder in self._responders if _has(responder, entry)), None)

    def _outlines(self, entry: Entry | None, request: Request, response: Response | None) -> tuple[Outline | None, Outline | None]:
        responder = self._responder(entry)
        if responder is None or entry is None or not _speaks_of_passwords(responder):
            return None, None
        operation = responder.document.operation(entry)
        documented = operation.request_body.content if operation.request_body is not None else ()
        content = find_request_content(documented, find_field(request.fields, b"content-type"))
        asked = outline_for(responder, content, Direction.REQUEST)
        found = operation.find_response(response.status) if response is not None else None
        if found is None or response is None:
            return asked, None
        content = find_content(found.content, find_field(response.fields, b"content-type") or "")
        return asked, outline_for(responder, content, Direction.RESPONSE)


def outline_for(responder: Responder, content: MediaType | None, direction: Direction) -> Outline | None:
    """Find what is documented of a body; None where nothing is, or nothing that can be used."""
    if content is None or content.schema is None:
        return None
    try:
        return responder.kit.outline(content.schema, direction, Purpose.JUDGE)
    except SchemaError:
        return None


def _has(responder: Responder, entry: Entry) -> bool:
    return any(known is entry for known in responder.document.entries)


@lru_cache(maxsize=16)
def _speaks_of_passwords(responder: Responder) -> bool:
    """Check whether the document may call something a password; if not, nothing needs to be looked up in it."""
    return any(b"password" in resource.data for resource in responder.document.library.loaded())


@lru_cache(maxsize=1024)
def _with_parameters(responder: Responder, entry: Entry, mask: Mask) -> Mask:
    """Make a mask that knows the parameters of an operation whose schemas say `format: password`."""
    found = set()
    for parameter in responder.document.operation(entry).parameters:
        schema = parameter.schema.value if parameter.schema is not None else None
        if isinstance(schema, dict) and schema.get("format") == "password":
            found.add(parameter.name.lower())
    return mask.naming(found) if found else mask
