"""
Routing: from a request to its operation.

Templates are compiled to a tree of segments, so that finding one does not depend on how many there are. A literal
segment goes before a partly templated one (`{id}.json`), that before a variable, and a variable before `{rest+}`.

`match` takes a path as it is written; `find` takes it for what it may mean where that is nothing: with or without a
slash at the end, with two slashes for one, and with a last variable that holds slashes.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl, unquote

T = TypeVar("T")

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_SLASHES = re.compile(r"/{2,}")
_MOST_WAYS = 16  # to tell the variables of a segment apart


@dataclass(frozen=True, slots=True)
class Route(Generic[T]):
    """The target of a method and a path template."""

    method: str
    template: str
    target: T
    names: tuple[str, ...]  # of the variables, in order
    query: frozenset[tuple[str, str]]  # of a template that holds a query: what has to be asked
    captured: tuple[tuple[str, str], ...] = ()  # of such a query: names, each with the variable that its value is


class Matched(NamedTuple, Generic[T]):
    """The route of a request and its variables, still percent-encoded where a segment is one variable."""

    route: Route[T]
    variables: dict[str, str]
    # What has the same shape, and the other ways to tell `{place}.{extension}` apart: they count where the request
    # breaks what the
    # first one says.
    others: "tuple[Matched[T], ...]" = ()
    spanning: str | None = None  # the variable that holds several segments, though its template does not say so
    is_cut_off: bool = (
        False  # with `spanning`: longer templates begin with this one, so that something of theirs may be meant
    )


@dataclass(frozen=True, slots=True)
class Unmatched:
    """No route; `allowed` are the methods of the same target, empty for an unknown target."""

    allowed: tuple[str, ...]


@dataclass(slots=True)
class _TreeNode(Generic[T]):
    literals: "dict[str, _TreeNode[T]]" = field(default_factory=dict)
    partials: "list[tuple[tuple[str, ...], _TreeNode[T]]]" = field(default_factory=list)
    variable: "_TreeNode[T] | None" = None
    rest: "_TreeNode[T] | None" = None
    routes: dict[str, list[Route[T]]] = field(default_factory=dict)

    @property
    def leads_on(self) -> bool:
        """True if longer templates begin with the one that ends here."""
        return bool(self.literals or self.partials or self.variable or self.rest)


class Router(Generic[T]):
    """The routes of one or more documents."""

    def __init__(self) -> None:
        self._root: _TreeNode[T] = _TreeNode()
        self._deepest = 0  # segments of the longest template
        self.ambiguous: list[
            tuple[Route[T], Route[T]]
        ] = []  # of the same shape and method: the first that a request fits counts

    def add(self, base_path: str, method: str, template: str, target: T) -> None:
        """
        Add a route.

        Args:
            base_path: The path before the template: `/api`, or "".
            method: In upper case.
            template: A path template; a query or fragment in it is tolerated.
            target: What to find.
        """
        path, _, query = template.partition("#")[0].partition("?")
        node = self._root
        segments = (base_path + path).split("/")[1:]
        for segment in segments:
            node = _step(node, segment)
        self._deepest = max(self._deepest, len(segments))
        names = tuple(name.lstrip("+").rstrip("+*") for name in _VARIABLE.findall(base_path + path))
        pairs = parse_qsl(query, keep_blank_values=True)
        wanted = frozenset(pair for pair in pairs if "{" not in pair[1])
        captured = tuple((name, found.group(1)) for name, value in pairs if (found := _VARIABLE.fullmatch(value)))
        route = Route(method, template, target, names, wanted, captured)
        known = node.routes.setdefault(method, [])
        self.ambiguous.extend((other, route) for other in known if other.query == wanted)
        known.append(route)

    def match(self, method: str, path: str, query: str = "", *, empty: bool = False) -> Matched[T] | Unmatched:
        """
        Find the route of a request.

        Args:
            method: In upper case.
            path: Percent-encoded.
            query: Percent-encoded; used only where templates hold queries.
            empty: Whether the last variable may be empty: `/files/` for `/files/{name}`.
        """
        segments = path.split("/")[1:]
        only = _only_way(self._root, segments)
        if only is not None:
            candidates = only[0].routes.get(method)
            if candidates is not None and len(candidates) == 1:
                return _matched(candidates[0], only[1], query)
        allowed: list[str] = []
        found: list[Matched[T]] = []
        leaf: dict[str, list[Route[T]]] | None = None
        for routes, values in _walk(self._root, segments, 0, (), empty=empty):
            if leaf is not None and (routes is not leaf or len(found) >= _MOST_WAYS):
                break
            candidates = routes.get(method)
            if candidates is not None:
                leaf = routes
                fitting = _by_query(candidates, query) if len(candidates) > 1 else candidates
                found += [_matched(route, values, query) for route in fitting]
            allowed.extend(routes)
        if found:
            return found[0]._replace(others=tuple(found[1:]))
        return Unmatched(tuple(dict.fromkeys(allowed)))

    def find(
        self, method: str, path: str, query: str = "", may_span: "Callable[[Matched[T]], bool] | None" = None
    ) -> Matched[T] | Unmatched:
        """
        Find the route of a request: as `match`, else as real servers have it.

        Args:
            method: In upper case.
            path: Percent-encoded.
            query: Percent-encoded.
            may_span: Whether the variable that a match names as `spanning` may hold slashes; None: none may.
        """
        found = self.match(method, path, query)
        if isinstance(found, Matched) or found.allowed:
            return found
        joined = _SLASHES.sub("/", path)
        bare = joined.rstrip("/")
        for other in dict.fromkeys((joined, bare or "/", f"{bare}/")):
            near = self.match(method, other, query) if other != path else found
            if isinstance(near, Matched) or near.allowed:
                return near
        if may_span is not None:
            return self._find_spanning(method, bare, query, may_span)
        return found

    def _find_spanning(
        self, method: str, path: str, query: str, may_span: "Callable[[Matched[T]], bool]"
    ) -> Matched[T] | Unmatched:
        allowed: list[str] = []
        for leaf, values, at in _walk_spanning(self._root, path.split("/")[1:], 0, (), self._deepest):
            is_cut_off = leaf.leads_on and path.endswith(values[at])
            for known, routes in leaf.routes.items():
                for route in _by_query(routes, query):
                    found = _matched(route, values, query)._replace(spanning=route.names[at], is_cut_off=is_cut_off)
                    if not may_span(found):
                        continue
                    if known == method:
                        return found
                    allowed.append(known)
        return Unmatched(tuple(dict.fromkeys(allowed)))


def _step(node: _TreeNode[T], segment: str) -> _TreeNode[T]:
    """Return the node for one more segment of a template, made where it is missing."""
    if "{" not in segment:
        return node.literals.setdefault(unquote(segment), _TreeNode())
    whole = _VARIABLE.fullmatch(segment)
    if whole and (whole.group(1).startswith("+") or whole.group(1).endswith(("+", "*"))):
        node.rest = node.rest or _TreeNode()
        return node.rest
    if whole:
        node.variable = node.variable or _TreeNode()
        return node.variable
    literals = tuple(unquote(part) for part in _VARIABLE.split(segment)[::2])
    for known, child in node.partials:
        if known == literals:
            return child
    fresh: _TreeNode[T] = _TreeNode()
    node.partials.append((literals, fresh))
    node.partials.sort(key=lambda partial: -sum(map(len, partial[0])))
    return fresh


def _only_way(node: _TreeNode[T], segments: list[str]) -> tuple[_TreeNode[T], tuple[str, ...]] | None:
    """
    Return the leaf that the segments lead to, if each of them has one way only.

    A percent-encoded segment may match a literal.
    """
    values: list[str] = []
    for segment in segments:
        if node.partials or node.rest is not None:
            return None
        literal = node.literals.get(segment)
        if node.variable is None:
            if literal is None:
                return None
            node = literal
        elif literal is None and segment and ("%" not in segment or not node.literals):
            values.append(segment)
            node = node.variable
        else:
            return None
    return node, tuple(values)


def _walk(
    node: _TreeNode[T], segments: list[str], at: int, values: tuple[str, ...], *, empty: bool
) -> Iterator[tuple[dict[str, list[Route[T]]], tuple[str, ...]]]:
    """Yield every leaf that the segments lead to, the most concrete first."""
    if at == len(segments):
        if node.routes:
            yield node.routes, values
        return
    raw = segments[at]
    segment = unquote(raw) if "%" in raw else raw
    literal = node.literals.get(segment)
    if literal is not None:
        yield from _walk(literal, segments, at + 1, values, empty=empty)
    for (first, *between), child in node.partials:
        if segment.startswith(first):
            ways = _iter_ways(segment[len(first) :], between)
        else:
            ways = iter(())
        for parts in islice(ways, _MOST_WAYS):
            yield from _walk(child, segments, at + 1, (*values, *parts), empty=empty)
    if node.variable is not None and (raw or (empty and at == len(segments) - 1)):
        yield from _walk(node.variable, segments, at + 1, (*values, raw), empty=empty)
    if node.rest is not None and raw:
        for end in range(len(segments), at, -1):
            yield from _walk(node.rest, segments, end, (*values, "/".join(segments[at:end])), empty=empty)


def _iter_ways(text: str, literals: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """
    Yield the ways to split a text into variables, each with a literal behind it.

    What is likely comes first: a part behind the last dot, and, with nothing between, one that begins with a sign,
    such as `.json`.
    """
    literal, *rest = literals
    last = _last_place(text, literals)
    if last < 1:
        return
    if not rest:
        yield (text[:last],)
        return
    places = (at for at in range(1, last + 1) if text.startswith(literal, at))
    if literal == ".":
        places = (at for at in range(last, 0, -1) if text.startswith(literal, at))
    elif not literal:
        places = (at for sign in (True, False) for at in range(1, last + 1) if text[at].isalnum() is not sign)
    for at in places:
        yield from ((text[:at], *others) for others in _iter_ways(text[at + len(literal) :], rest))


def _last_place(text: str, literals: Sequence[str]) -> int:
    """
    Return the last place where the first literal leaves room for the others, each with something before it.

    -1 if there is none.
    """
    *others, end = literals
    at = len(text) - len(end) if text.endswith(end) else -1
    for literal in reversed(others):
        at = text.rfind(literal, 0, at - 1) if at > 0 else -1
    return at


def _walk_spanning(
    node: _TreeNode[T], segments: list[str], at: int, values: tuple[str, ...], deepest: int
) -> Iterator[tuple[_TreeNode[T], tuple[str, ...], int]]:
    """
    Yield every leaf that is reached where the last variable holds several segments, the most concrete first.

    Yields:
        The leaf, the values of the variables, and the number of that variable.
    """
    if at >= len(segments):
        return
    raw = segments[at]
    literal = node.literals.get(unquote(raw) if "%" in raw else raw)
    if literal is not None:
        yield from _walk_spanning(literal, segments, at + 1, values, deepest)
    if node.variable is None or not raw:
        return
    yield from _walk_spanning(node.variable, segments, at + 1, (*values, raw), deepest)
    # Behind the variable stands what the longest template has there, at most: so long paths cost no more than short
    # ones.
    for end in range(max(at + 2, len(segments) - deepest), len(segments) + 1):
        leaf = _walk_literals(node.variable, segments[end:])
        if leaf is not None:
            yield leaf, (*values, "/".join(segments[at:end])), len(values)


def _walk_literals(node: _TreeNode[T], segments: Sequence[str]) -> _TreeNode[T] | None:
    """Return the node that literal segments lead to; None where they do not, or where no template ends."""
    for segment in segments:
        following = node.literals.get(unquote(segment) if "%" in segment else segment)
        if following is None:
            return None
        node = following
    if node.routes:
        return node
    return None


def _matched(route: Route[T], values: tuple[str, ...], query: str) -> Matched[T]:
    variables = dict(zip(route.names, values, strict=False))
    if route.captured:
        given = dict(reversed([pair.partition("=")[::2] for pair in query.split("&")]))
        variables |= {variable: given[name] for name, variable in route.captured if name in given}
    return Matched(route, variables)


def _by_query(candidates: list[Route[T]], query: str) -> list[Route[T]]:
    """Choose among templates of one shape: those with the query of the request, else those without a query."""
    given = set(parse_qsl(query, keep_blank_values=True))
    fitting = [route for route in candidates if route.query and route.query <= given]
    return fitting or [route for route in candidates if not route.query] or candidates


def iter_literals(template: str) -> Iterator[str]:
    """Return the literal segments of a template, the last first."""
    return (segment for segment in reversed(template.split("/")) if segment and "{" not in segment)


def join_paths(paths: Iterable[str]) -> str:
    """Write several base paths for people."""
    return ", ".join(path or "/" for path in paths)
