"""What is made of an operation once, so that its requests find it ready."""

from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from mock_server.cache import BoundedCache, make_text_cache
from mock_server.contract.request import RequestJudge
from mock_server.contract.response import ResponseJudge
from mock_server.exchange.negotiate import Chosen
from mock_server.exchange.parameter import parse_query
from mock_server.finding import Finding
from mock_server.generate.pagination import PAGED, ROLE_OF
from mock_server.generate.words import joined
from mock_server.serve.reply import Reply
from mock_server.spec.model import Location, Operation


@dataclass(eq=False, repr=False)
class CompiledOperation:
    """One operation, ready to answer."""

    operation: Operation
    judge: RequestJudge
    responses: ResponseJudge
    credentials: frozenset[tuple[Location, str]]
    sources: tuple[str, ...]
    success: Chosen | None
    broken: tuple[Finding, ...] = ()  # references of it that lead nowhere: what they name is not obeyed
    replies: dict[tuple[int, str], Reply] = field(default_factory=dict)
    queries: BoundedCache[bytes, str] = field(default_factory=make_text_cache)  # in canonical form, of those that came last

    def canonical_query(self, query: bytes) -> str:
        """A query in canonical form; what clients always send is brought into it once."""
        found = self.queries.get(query)
        if found is None:
            found = self.queries[query] = _canonical_query(query, self.credentials)
        return found

    def query_of_whole(self, query: bytes) -> str:
        """A query in canonical form without what chooses a page: all pages of a whole have the same."""
        paging = {(Location.QUERY, p.name) for p in self.operation.parameters if ROLE_OF.get(joined(p.name)) in PAGED | {"limit"}}
        return _canonical_query(query, self.credentials | paging)


def _canonical_query(query: bytes, credentials: frozenset[tuple[Location, str]]) -> str:
    """The query in a form that does not depend on its order, without credentials and preferences."""
    if not query:
        return ""
    pairs = [
        (name, unquote_plus(value))
        for name, value in parse_query(query.decode("latin-1"))
        if (Location.QUERY, name) not in credentials and not name.startswith("__")
    ]
    return "&".join([f"{name}={value}" for name, value in sorted(pairs)])
