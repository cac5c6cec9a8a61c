"""Operations, compiled on demand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_plus

from mock_server.cache import BoundedCache, make_text_cache
from mock_server.document.document import Document
from mock_server.document.model import Entry, Operation, ParameterLocation, Server
from mock_server.document.references import Node
from mock_server.errors import SchemaError
from mock_server.exchange.negotiate import ChosenResponse, choose_status, choose_success
from mock_server.exchange.parameters import parse_query
from mock_server.exchange.security import credential_names
from mock_server.findings import Finding
from mock_server.generate.echo import HERE
from mock_server.generate.engine import Engine
from mock_server.generate.pagination import PAGED, ROLE_OF
from mock_server.judges.request import RequestJudge
from mock_server.judges.response import ResponseJudge
from mock_server.names import joined
from mock_server.respond.document_pages import DOCUMENT_JSON
from mock_server.respond.represent.representation import Representation
from mock_server.respond.stored import RenderContext
from mock_server.schema.dialect import Direction, Purpose

_REDIRECTIONS: Final = frozenset((301, 302, 303, 307, 308))


@dataclass(eq=False, repr=False)
class CompiledOperation:
    """One operation, ready to answer."""

    operation: Operation
    judge: RequestJudge
    responses: ResponseJudge
    credentials: frozenset[tuple[ParameterLocation, str]]
    sources: tuple[str, ...]
    success: ChosenResponse | None
    broken: tuple[Finding, ...] = ()  # references of it that lead nowhere: what they name is not obeyed
    replies: dict[tuple[int, str], Representation] = field(default_factory=dict)
    queries: BoundedCache[bytes, str] = field(
        default_factory=make_text_cache
    )  # in canonical form, of those that came last

    def canonical_query(self, query: bytes) -> str:
        """Return a query in canonical form; what clients always send is brought into it once."""
        found = self.queries.get(query)
        if found is None:
            found = self.queries[query] = _canonical_query(query, self.credentials)
        return found

    def query_of_whole(self, query: bytes) -> str:
        """Return a query in canonical form without what chooses a page: all pages of a whole have the same."""
        paging = {
            (ParameterLocation.QUERY, p.name)
            for p in self.operation.parameters
            if ROLE_OF.get(joined(p.name)) in PAGED | {"limit"}
        }
        return _canonical_query(query, self.credentials | paging)


def _canonical_query(query: bytes, credentials: frozenset[tuple[ParameterLocation, str]]) -> str:
    """Return the query in a form that does not depend on its order, without credentials and preferences."""
    if not query:
        return ""
    pairs = [
        (name, unquote_plus(value))
        for name, value in parse_query(query.decode("latin-1"))
        if (ParameterLocation.QUERY, name) not in credentials and not name.startswith("__")
    ]
    return "&".join([f"{name}={value}" for name, value in sorted(pairs)])


class CompiledOperations:
    """The operations of a document, compiled, with the judges of their requests and responses."""

    def __init__(self, kit: Engine) -> None:
        self._kit = kit
        self._document = kit.document
        self._compiled: dict[str, CompiledOperation] = {}
        self._broken: dict[str, SchemaError] = {}
        self._judges: dict[str, ResponseJudge] = {}

    def judge_of(self, entry: Entry) -> ResponseJudge:
        """Return the judge of an operation's responses."""
        if entry.id not in self._judges:
            schemas = self._kit.schemas.of(Direction.RESPONSE, Purpose.JUDGE)
            self._judges[entry.id] = ResponseJudge(self._document.operation(entry), schemas)
        return self._judges[entry.id]

    def broken_of(self, operation: Operation) -> tuple[Finding, ...]:
        """
        Return the references of an operation, and of what it refers to, that lead nowhere.

        Nothing is read where the document has none.
        """
        if not self._document.broken:
            return ()
        nodes = [operation.entry.node]
        for direction, schema in _iter_schemas(operation):
            try:
                nodes += self._kit.schemas.of(direction, Purpose.MAKE).bundle(schema).origins.values()
            except SchemaError:
                continue
            nodes.append(schema)
        nodes += [parameter.node for parameter in operation.parameters]
        nodes += [response.node for response in operation.responses]
        nodes += [operation.request_body.node] if operation.request_body is not None else []
        return tuple(finding for finding in self._document.broken if any(_holds(node, finding) for node in nodes))

    def compile(self, entry: Entry) -> CompiledOperation:
        """
        Compile an operation, once and on demand.

        Raises:
            SchemaError: the schema of a parameter can't be compiled.
        """
        known = self._compiled.get(entry.id)
        if known is not None:
            return known
        if entry.id in self._broken:
            raise self._broken[entry.id]
        operation = self._document.operation(entry)
        own = self._kit.settings.for_operation(entry.id, entry.title).source
        try:
            schemas = self._kit.schemas.of(Direction.REQUEST, Purpose.JUDGE)
            judge = RequestJudge(self._document, operation, schemas, self._kit.settings.max_body)
        except SchemaError as error:
            self._broken[entry.id] = error
            raise
        compiled = CompiledOperation(
            operation=operation,
            judge=judge,
            responses=self.judge_of(entry),
            credentials=credential_names(operation.security, self._document.schemes),
            sources=own or self._kit.settings.source,
            success=choose_success(operation),
            broken=self.broken_of(operation),
        )
        self._compiled[entry.id] = compiled
        return compiled

    def reply(self, compiled: CompiledOperation, chosen: ChosenResponse) -> Representation:
        """Return the representation of one documented response."""
        key = (chosen.status, chosen.response.status)
        reply = compiled.replies.get(key)
        if reply is None:
            references = self._references(compiled.operation, chosen.status)
            reply = compiled.replies[key] = Representation(
                self._kit, compiled.operation, chosen, compiled.responses, references
            )
        return reply

    def _references(self, operation: Operation, status: int) -> tuple[str, ...]:
        """
        Say where an answer may lead that documents a Location without an example.

        Returns: A path of this server, for a redirection one that has an answer; the same with scheme and host; the
            best first.
        """
        path = base_paths(self._kit, operation.entry)[0] + operation.entry.template.partition("{")[0].rstrip("/")
        if status in _REDIRECTIONS:
            path = DOCUMENT_JSON.decode()  # which redirects to nothing else
        return path or "/", HERE + path

    def render_context(self, operation: Operation, status: int, source: str, key: str = "") -> RenderContext:
        """Return what an answer to an operation that is written down needs besides the request."""
        compiled = self.compile(operation.entry)
        chosen = choose_status(operation, status)
        head = self.reply(compiled, chosen).head() if chosen is not None else ()
        return RenderContext(source, operation, compiled.responses, head, self._kit.pools, key)


def base_paths(kit: Engine, entry: Entry | None = None) -> tuple[str, ...]:
    """Return the paths under which a document, or one operation with servers of its own, is served."""
    fixed = kit.settings.base_path
    if fixed:
        return ("/" + fixed[0].strip("/") if fixed[0].strip("/") else "",)
    own = own_servers(kit.document, entry) if entry is not None else ()
    return tuple(dict.fromkeys(server.base_path for server in own or kit.document.servers))


def own_servers(document: Document, entry: Entry) -> Sequence[Server]:
    """
    Return the servers of an operation of its own.

    Read only where some are written, since an operation is read when asked for.
    """
    if any(isinstance(node.value, dict) and "servers" in node.value for node in (entry.node, entry.path_item)):
        return document.operation(entry).servers or ()
    return ()


def _iter_schemas(operation: Operation) -> Iterator[tuple[Direction, Node]]:
    """Yield the schemas of an operation."""
    for parameter in operation.parameters:
        schema = parameter.content.schema if parameter.content is not None else parameter.schema
        if schema is not None:
            yield Direction.REQUEST, schema
    bodies = operation.request_body.content if operation.request_body is not None else ()
    for direction, contents in (
        (Direction.REQUEST, bodies),
        *((Direction.RESPONSE, each.content) for each in operation.responses),
    ):
        for content in contents:
            yield from ((direction, schema) for schema in (content.schema, content.item_schema) if schema is not None)


def _holds(node: Node, finding: Finding) -> bool:
    """Return whether a finding is in a part of the document."""
    place = finding.place
    return place is not None and place.file == node.place.file and place.pointer[: len(node.pointer)] == node.pointer
