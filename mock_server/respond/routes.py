"""From a request to the operation that it asks for."""

from collections.abc import Iterator
from functools import cached_property
from typing import Final

from mock_server.document.free_servers import FreeBases
from mock_server.document.model import Entry, Operation, ParameterLocation
from mock_server.errors import SchemaError
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.parameters import lists_empty
from mock_server.exchange.prefer import without_own
from mock_server.exchange.router import Matched, Router, Unmatched
from mock_server.findings import RULES, Level
from mock_server.generate.engine import Engine
from mock_server.respond.compiled import CompiledOperations, base_paths, own_servers
from mock_server.respond.match.near_misses import DocumentedRoute

_ERRORS: Final = frozenset(name for name, rule in RULES.items() if rule.level is Level.ERROR)


class Routes:
    """The routes of a document, under its base paths."""

    def __init__(self, kit: Engine, operations: CompiledOperations) -> None:
        self.router: Router[Entry] = Router()
        self._kit = kit
        self._document = kit.document
        self._operations = operations
        for entry in self._document.entries:
            for base in base_paths(kit, entry):
                self.router.add(base, entry.method, entry.template, entry)

    def documented(self) -> Iterator[DocumentedRoute]:
        """Yield the operations, with where they are served."""
        entries = self._document.entries
        return (DocumentedRoute(entry, base) for entry in entries for base in base_paths(self._kit, entry))

    def find(self, request: Request) -> Matched[Entry] | Unmatched:
        """Find the operation that a request asks for."""
        path, query = request.path.decode("latin-1"), request.query.decode("latin-1")
        matched = self.router.match(request.method, path, query)
        if isinstance(matched, Unmatched):
            matched = self._with_empty(request, path) or self.router.find(request.method, path, query, self._may_span)
        if isinstance(matched, Unmatched) and not matched.allowed:
            matched = next(self.under_free_bases(request.method, path, query), (matched, ""))[0]
        if isinstance(matched, Matched) and matched.others:
            return self._pick(matched, request)
        return matched

    @cached_property
    def _free_bases(self) -> FreeBases:
        """The base paths with variables that take any value."""
        if self._kit.settings.base_path:
            return FreeBases(())
        own = (server for entry in self._document.entries for server in own_servers(self._document, entry))
        return FreeBases((*self._document.servers, *own))

    def under_free_bases(self, method: str, path: str, query: str) -> Iterator[tuple[Matched[Entry] | Unmatched, str]]:
        """Yield what a path leads to under base paths that variables make, each with that base path."""
        for base, usual in self._free_bases.iter_ways(path):
            found = self.router.find(method, usual + path[len(base) :], query, self._may_span)
            if isinstance(found, Matched) or found.allowed:
                yield found, base

    def _may_span(self, matched: Matched[Entry]) -> bool:
        try:
            return self._operations.compile(matched.route.target).judge.may_span(matched)
        except SchemaError:
            return False

    def _with_empty(self, request: Request, path: str) -> Matched[Entry] | None:
        """`/files/` for `/files/{name}`, only where the document lists the empty string among the names."""
        matched = self.router.match(request.method, path, empty=True) if path.endswith("/") else None
        if not isinstance(matched, Matched):
            return None
        empty = {name for name, value in matched.variables.items() if not value}
        parameters = self._document.operation(matched.route.target).parameters
        if any(p.name in empty and p.location is ParameterLocation.PATH and lists_empty(p) for p in parameters):
            return matched
        return None

    def _pick(self, matched: Matched[Entry], request: Request) -> Matched[Entry]:
        """
        Choose among operations with the same path: the first that the request fits, else the one that it breaks least.

        Errors outside of the body count first: that is where such documents say which operation is meant.
        """
        best: tuple[int, int] | None = None
        picked = matched
        for candidate in (matched, *matched.others):
            try:
                judge = self._operations.compile(candidate.route.target).judge
            except SchemaError:
                continue
            judged = as_judged(self._document.operation(candidate.route.target), request)
            understood = judge.read(judged, candidate.variables, security=self._kit.settings.security, lenient=True)
            errors = [found for found in understood.findings if found.rule in _ERRORS]
            if not understood.unmet and not errors:
                return candidate
            broken = sum((found.instance or ())[:1] != ("body",) for found in errors), len(errors)
            if best is None or broken < best:
                best, picked = broken, candidate
        return picked


def as_judged(operation: Operation, request: Request) -> Request:
    """Return a request without the preferences of the mock, where the operation documents a Prefer field."""
    header = find_field(request.fields, b"prefer")
    if header is None or not any(
        p.location is ParameterLocation.HEADER and p.name.lower() == "prefer" for p in operation.parameters
    ):
        return request
    own = without_own(header)
    fields = [pair for pair in request.fields if pair[0] != b"prefer"]
    return request._replace(fields=[*fields, (b"prefer", own.encode("latin-1"))] if own is not None else fields)
