"""What is made of an operation once, so that its requests find it ready."""

from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from mock_server.cache import BoundedCache, make_text_cache
from mock_server.document.model import Operation, ParameterLocation
from mock_server.exchange.negotiate import ChosenResponse
from mock_server.exchange.parameters import parse_query
from mock_server.findings import Finding
from mock_server.generate.pagination import PAGED, ROLE_OF
from mock_server.judges.request import RequestJudge
from mock_server.judges.response import ResponseJudge
from mock_server.names import joined
from mock_server.respond.representation import Representation


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
