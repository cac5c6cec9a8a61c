"""The library: what `import mock_server` offers."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from mock_server.compose.app import create_app
from mock_server.compose.backend import configure_sources
from mock_server.document.document import Document
from mock_server.document.free_servers import FreeBases
from mock_server.document.load import Access
from mock_server.document.model import Entry
from mock_server.document.read import read_documents
from mock_server.errors import UsageError
from mock_server.exchange.message import Request, Response
from mock_server.exchange.router import Matched, Router
from mock_server.findings import Finding
from mock_server.generate.engine import Engine
from mock_server.judges.request import RequestJudge
from mock_server.judges.response import ResponseJudge
from mock_server.respond.responder import Responder
from mock_server.schema.dialect import Direction, Purpose
from mock_server.server.backend import Backend
from mock_server.settings import DEFAULTS, Settings


def load(where: str | Path, access: Access | None = None, overlay: Sequence[str | Path] = ()) -> Document:
    """
    Open a document.

    Args:
        where: A path, a URL, or `-` for standard input.
        access: What its references may read besides its own project.
        overlay: Overlays that are applied to it, in their order.

    Raises:
        DocumentError: it can't be read, or is no OpenAPI document.
    """
    return read_documents([str(where)], access or Access(), tuple(map(Path, overlay)))[0]


def app(document: Document, settings: Settings = DEFAULTS) -> Any:  # noqa: ANN401 - an ASGI application
    """
    Make an ASGI application that answers every documented operation.

    Raises:
        UsageError: nobody knows the locale, or the store of the state can't be opened.
    """
    backend = Backend.of(Responder(Engine(document, settings)))
    configure_sources(backend, backend.mounts, settings)
    return create_app(backend)


def judge(document: Document, request: Request, response: Response | None = None) -> tuple[Finding, ...]:
    """
    Judge an exchange.

    Args:
        document: What it has to keep to.
        request: As it was sent, its path under the base path of one of the document's servers.
        response: As it came back; None to judge the request alone.

    Raises:
        UsageError: the document has no such operation.
        SchemaError: a schema that is needed can't be compiled.
    """
    kit = Engine(document, DEFAULTS)
    router: Router[Entry] = Router()
    for entry in document.entries:
        for base in dict.fromkeys(server.base_path for server in document.servers):
            router.add(base, entry.method, entry.template, entry)
    schemas = kit.schemas.of(Direction.REQUEST, Purpose.JUDGE)

    def may_span(found: Matched[Entry]) -> bool:
        return RequestJudge(document, document.operation(found.route.target), schemas).may_span(found)

    path, query = request.path.decode("latin-1"), request.query.decode("latin-1")
    ways = (usual + path[len(base) :] for base, usual in FreeBases(document.servers).iter_ways(path))
    tried = (router.find(request.method, way, query, may_span) for way in chain((path,), ways))
    matched = next((each for each in tried if isinstance(each, Matched)), None)
    if matched is None:
        raise UsageError(f"the document has no operation for {request.method} {request.path.decode('latin-1')}")
    operation = document.operation(matched.route.target)
    understood = RequestJudge(document, operation, schemas).read(request, matched.variables)
    found = list(understood.findings)
    if response is not None:
        found += ResponseJudge(operation, kit.schemas.of(Direction.RESPONSE, Purpose.JUDGE)).judge(response)
    return tuple(found)
