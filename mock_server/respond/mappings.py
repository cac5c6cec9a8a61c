"""
The stub mappings of a server, for all worlds or for one, and the states of scenarios.

Of the mappings that match a request the one with the lowest priority answers, of these one of the own world, of these
the one that was added last. A response is judged by the document of the operation that it answers: when it is added, if
its URL says which that is, else when it first answers. States are those of scenario files and of mappings together.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final
from urllib.parse import quote
from weakref import WeakKeyDictionary

from mock_server.document.model import Entry, Operation
from mock_server.errors import SchemaError, ScriptError, UsageError, within
from mock_server.exchange import problem
from mock_server.exchange.router import Matched
from mock_server.findings import Finding
from mock_server.json_values import JsonObject, JsonValue
from mock_server.pausing import without_pauses
from mock_server.respond.answer import Answer, Foreseen, Passed, problem_answer
from mock_server.respond.match.mapping import Mapping, read_mapping
from mock_server.respond.match.request_pattern import ANY, PatternRequest, match_template
from mock_server.respond.represent.context import RequestContext
from mock_server.respond.responder import Responder
from mock_server.respond.scenarios import Player
from mock_server.respond.stored import RenderContext, Stored, judge_stored, refused, render
from mock_server.respond.worlds import STARTED, World
from mock_server.sizes import weigh_json

LIMIT: Final = 10_000  # mappings
_HEAVIEST: Final = 64 << 20  # bytes of all of them
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "QUERY")
_VARIABLE = re.compile(r"\{[^{}]*\}")
_PASSED: Final = Passed("no mapping matches")


class Mappings:
    """The stub mappings of a server; see the module. A `WorldStore`."""

    def __init__(self, responders: Sequence[Responder]) -> None:
        """
        Start without any.

        Args:
            responders: Of all documents that are served; see `attach`.
        """
        self.lock = Lock()
        self._responders: tuple[Responder, ...] = ()
        self._mappings: dict[str, Mapping] = {}  # in the order in which they were added
        self._weights: dict[str, int] = {}  # bytes of each
        self._weight = 0
        self._ordered: tuple[Mapping, ...] = ()
        self.attach(responders)

    @property
    def weight(self) -> int:
        """Their size in bytes, about as in memory."""
        return self._weight

    def attach(self, responders: Sequence[Responder]) -> None:
        """Answer for these documents from now on; to be called when they are replaced."""
        self._responders = tuple(responders)
        self._sort()

    def __len__(self) -> int:
        return len(self._mappings)

    def __iter__(self) -> Iterator[Mapping]:
        """Return all mappings, those added last first."""
        return iter([*self._mappings.values()][::-1])

    def find(self, id_: str) -> Mapping | None:
        """Find a mapping by its id."""
        return self._mappings.get(id_.lower())

    def add(self, value: JsonValue) -> Mapping:
        """
        Add a mapping; one with the same id is replaced.

        Raises:
            ScriptError: it is none, its response breaks the document, or there are too many.
        """
        mapping = self._read(value)
        self._put([mapping])
        return mapping

    def replace(self, id_: str, value: JsonValue) -> Mapping | None:
        """
        Replace a mapping, which keeps its place; None where there is no such mapping.

        Raises:
            ScriptError: see `add`.
        """
        known = self.find(id_)
        if known is None:
            return None
        mapping = self._read(value, known.id)
        self._put([mapping])
        return mapping

    def remove(self, id_: str) -> bool:
        """Remove a mapping; whether there was one."""
        with self.lock:
            found = self._mappings.pop(id_.lower(), None) is not None
            self._weights.pop(id_.lower(), None)
        self._sort()
        return found

    def clear(self) -> None:
        """Remove all mappings."""
        self._keep(lambda _: False)

    def forget(self) -> None:
        """Remove all that are not persistent."""
        self._keep(lambda mapping: mapping.persistent)

    def import_(self, value: JsonValue) -> int:
        """
        Add many mappings, all or none: `{"mappings": […], "importOptions": {"duplicatePolicy": "OVERWRITE"}}`.

        Returns:
            How many were added or replaced.

        Raises:
            ScriptError: see `add`.
        """
        written = value.get("mappings") if isinstance(value, dict) else None
        options = value.get("importOptions", {}) if isinstance(value, dict) else {}
        if not isinstance(written, list) or not isinstance(options, dict):
            raise ScriptError("an import is an object of 'mappings', a list, and 'importOptions'")
        if not options.keys() <= {"duplicatePolicy", "deleteAllNotInImport"}:
            raise ScriptError("'importOptions' are duplicatePolicy and deleteAllNotInImport", ("importOptions",))
        if options.get("duplicatePolicy", "OVERWRITE") not in {"OVERWRITE", "IGNORE"}:
            raise ScriptError("it is OVERWRITE or IGNORE", ("importOptions", "duplicatePolicy"))
        read = []
        for index, one in enumerate(written):
            with within("mappings", str(index)):
                read.append(self._read(one))
        if options.get("duplicatePolicy") == "IGNORE":
            read = [mapping for mapping in read if mapping.id not in self._mappings]
        self._put(read)
        if options.get("deleteAllNotInImport") is True:
            named = {str(one.get("id", one.get("uuid", ""))).lower() for one in written if isinstance(one, dict)}
            kept = named | {mapping.id for mapping in read}
            self._keep(lambda mapping: mapping.id in kept)
        return len(read)

    def candidates(self, world: World) -> Iterator[Mapping]:
        """Return the mappings of a world, in the order of their turn."""
        return (mapping for mapping in self._ordered if mapping.world is None or mapping.world == world.name)

    def match(self, asked: PatternRequest, world: World, *, documented: bool) -> Mapping | None:
        """
        Find the mapping that answers a request.

        Nothing but one that may be invalid answers what is not documented.
        """
        for mapping in self.candidates(world):
            if mapping.required is not None and world.scenarios.get(str(mapping.scenario), STARTED) != mapping.required:
                continue
            if (documented or mapping.allow_invalid) and mapping.pattern.matches(asked):
                return mapping
        return None

    def reset(self, world: str) -> None:
        """Remove the mappings of a world that are not persistent."""
        self._keep(lambda mapping: mapping.world != world or mapping.persistent)

    def drop(self, world: str) -> None:
        """Remove the mappings of a world."""
        self._keep(lambda mapping: mapping.world != world)

    def fork(self, source: str, target: str) -> None:
        """Give a world the mappings that another one has."""
        self.restore(target, self.snapshot(source))

    def snapshot(self, world: str) -> JsonValue:
        """Return the mappings of a world, the oldest first."""
        return [mapping.written for mapping in self._mappings.values() if mapping.world == world]

    def restore(self, world: str, snapshot: JsonValue) -> None:
        """
        Give a world these mappings, and no other ones.

        Raises:
            UsageError: they are none.
        """
        if not isinstance(snapshot, list):
            raise UsageError("the mappings of a snapshot are a list")
        try:
            read = [self._read(self._of_world(value, world)) for value in snapshot]
        except ScriptError as error:
            raise UsageError(f"a mapping of the snapshot can't be used: {error}") from error
        self.drop(world)
        self._put(read)

    def _of_world(self, value: JsonValue, world: str) -> JsonValue:
        """Return a mapping as one of a world; with a new id where its own is one of another world."""
        if not isinstance(value, dict):
            return value
        known = self.find(str(value.get("id", "")))
        taken = known is not None and known.world != world
        metadata = value.get("metadata", {})
        dropped = {"uuid", "metadata", "id"} if taken else {"uuid", "metadata"}
        kept = {name: member for name, member in value.items() if name not in dropped}
        return {**kept, "metadata": {**(metadata if isinstance(metadata, dict) else {}), "world": world}}

    def _read(self, value: JsonValue, id_: str | None = None) -> Mapping:
        mapping = read_mapping(value, self._responders[0].kit.pools, id_)
        if not mapping.allow_invalid:
            self._judge(mapping)
        return mapping

    def _judge(self, mapping: Mapping) -> None:
        """Refuse a mapping with a response that breaks the document, where its URL names one operation."""
        paths = _paths(mapping)
        if paths is None:
            return
        targets = [
            (responder, entry) for responder in self._responders for entry in _entries(responder, mapping, paths)
        ]
        if not targets:
            advice = 'to answer it all the same, say "metadata": {"allowInvalid": true}'
            raise ScriptError(f"no document that is served has an operation for it; {advice}", ("request",))
        found = [
            (entry, PreparedResponse.of(mapping, responder, responder.document.operation(entry)).findings)
            for responder, entry in targets
        ]
        if all(findings for _, findings in found):
            entry, findings = found[0]
            detail = "; ".join(dict.fromkeys(finding.message for finding in findings))
            raise ScriptError(f"the response breaks what {entry.title} documents: {detail}", ("response",), findings)

    def _put(self, mappings: list[Mapping]) -> None:
        with self.lock:
            weights = self._weights | {mapping.id: weigh_json(mapping.written) for mapping in mappings}
            if len(weights) > LIMIT or sum(weights.values()) > _HEAVIEST:
                raise ScriptError(f"there are more than {LIMIT:,} mappings, or {_HEAVIEST >> 20:,} MB of them")
            self._mappings.update((mapping.id, mapping) for mapping in mappings)
            self._weights = weights
        self._sort()

    def _keep(self, wanted: Callable[[Mapping], bool]) -> None:
        with self.lock:
            kept = {id_: mapping for id_, mapping in self._mappings.items() if wanted(mapping)}
            changed = len(kept) < len(self._mappings)
            self._mappings = kept
            self._weights = {id_: self._weights[id_] for id_ in kept}
        if changed:
            self._sort()

    def _sort(self) -> None:
        """Put the mappings in order, and have the responders ask for them: what was kept ready is thrown away."""
        self._weight = sum(self._weights.values())
        newest = [*self._mappings.values()][::-1]
        self._ordered = tuple(sorted(newest, key=lambda mapping: (mapping.priority, mapping.world is None)))
        for responder in self._responders:
            others = tuple(source for source in responder.sources if not isinstance(source, MappingSource))
            known = next((source for source in responder.sources if isinstance(source, MappingSource)), None)
            if self._ordered or known is not None:
                responder.sources = (known or MappingSource(self, responder), *others)


@dataclass(frozen=True, slots=True)
class PreparedResponse:
    """The response of a mapping, written for one operation and judged."""

    stored: Stored
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, mapping: Mapping, responder: Responder, operation: Operation | None) -> "PreparedResponse":
        """
        Prepare a response.

        Raises:
            ScriptError: it can't be judged, or not be written.
        """
        stored = mapping.stored(operation, responder.kit.pools)
        if operation is None or mapping.allow_invalid or mapping.is_breaking:
            return cls(stored, ())
        try:
            context = responder.operations.render_context(operation, stored.status, mapping.source)
            return cls(stored, judge_stored(stored, responder.judge_of(operation.entry), context.head))
        except SchemaError as error:
            raise ScriptError(f"the response can't be judged: {error}", ("response",)) from error


class MappingSource:
    """The source of answers for one document from the mappings of the server."""

    name = "mapping"
    before_validation = True
    blocks = False

    def __init__(self, stubs: Mappings, responder: Responder) -> None:
        self._stubs = stubs
        self._responder = responder
        self._prepared: WeakKeyDictionary[Mapping, dict[str, PreparedResponse]] = WeakKeyDictionary()

    def touches(self, entry: Entry) -> bool:
        """Return whether there is any mapping: which operations it answers is known only when it does."""
        return len(self._stubs) > 0

    def consider(self, operation: Operation | None, ask: RequestContext) -> Answer | Passed | Foreseen:
        """Answer by the first mapping that matches."""
        if not len(self._stubs):
            return _PASSED
        asked = PatternRequest(ask.request)
        with self._stubs.lock, without_pauses():
            mapping = self._stubs.match(asked, ask.world, documented=operation is not None)
            if mapping is None:
                return _PASSED
            if mapping.scenario is not None and mapping.then is not None:
                ask.world.scenarios[mapping.scenario] = mapping.then
        if ask.explains:
            return Foreseen(f"the mapping {mapping.name or mapping.id} matches")
        entry = operation.entry if operation is not None else None
        try:
            prepared = self._prepare(mapping, operation)
        except ScriptError as error:
            return problem_answer(problem.INVALID_ANSWER, f"{mapping.source}: {error}", entry=entry)
        if prepared.findings:
            return refused(mapping.source, entry, prepared.findings)
        return render(
            prepared.stored,
            self._render_context(mapping, operation, prepared.stored),
            _with_variables(mapping, asked, ask),
        )

    def _prepare(self, mapping: Mapping, operation: Operation | None) -> PreparedResponse:
        known = self._prepared.setdefault(mapping, {})
        key = operation.id if operation is not None else ""
        if key not in known:
            known[key] = PreparedResponse.of(mapping, self._responder, operation)
        return known[key]

    def _render_context(self, mapping: Mapping, operation: Operation | None, stored: Stored) -> RenderContext:
        key = f"mapping:{mapping.id}"
        if operation is None or mapping.allow_invalid or mapping.is_breaking:
            return RenderContext(mapping.source, operation, None, (), self._responder.kit.pools, key)
        return self._responder.operations.render_context(operation, stored.status, mapping.source, key)


def _paths(mapping: Mapping) -> list[str] | None:
    """Return the paths that a mapping can only mean; None where it says them by a regular expression, or not at all."""
    written = mapping.pattern.written
    for name in ("url", "urlPath", "urlPathTemplate"):
        if name in written:
            path = str(written[name]).partition("?")[0]
            return [_VARIABLE.sub("x", path) if name == "urlPathTemplate" else path]
    return None


def _entries(responder: Responder, mapping: Mapping, paths: list[str]) -> Iterator[Entry]:
    """Yield the operations of a document that a mapping answers."""
    method = str(mapping.pattern.written.get("method", ANY)).upper()
    query = str(mapping.pattern.written.get("url", "")).partition("?")[2]
    for path in paths:
        for each in _METHODS if method == ANY else (method,):
            matched = responder.router.match(each, path, query)
            if isinstance(matched, Matched):
                yield from (one.route.target for one in (matched, *matched.others))


def _with_variables(mapping: Mapping, asked: PatternRequest, ask: RequestContext) -> RequestContext:
    """Return the request with the variables of the mapping's own path template, too."""
    template = mapping.pattern.written.get("urlPathTemplate")
    own = match_template(template, asked.path) if isinstance(template, str) else None
    if own:
        return ask._replace(variables={**ask.variables, **{name: quote(value, safe="") for name, value in own.items()}})
    return ask


def possible_states(responders: Iterable[Responder], stubs: Mappings) -> dict[str, tuple[str, ...]]:
    """Return the states of each scenario, the first one first."""
    found: dict[str, dict[str, None]] = {}
    players = (source for responder in responders for source in responder.sources if isinstance(source, Player))
    for scenario in (scenario for player in players for scenario in player.scenarios):
        found.setdefault(scenario.name, {}).update(dict.fromkeys(scenario.states))
    for mapping in stubs:
        if mapping.scenario is not None:
            states = found.setdefault(mapping.scenario, {STARTED: None})
            states.update((state, None) for state in (mapping.required, mapping.then) if state is not None)
    return {name: tuple(states) for name, states in found.items()}


def list_scenarios(responders: Iterable[Responder], stubs: Mappings, world: World) -> list[JsonValue]:
    """Return all scenarios, with the state that a world has in each."""
    return [_describe_state(name, states, world) for name, states in possible_states(responders, stubs).items()]


def set_state(name: str, state: str, responders: Iterable[Responder], stubs: Mappings, world: World) -> None:
    """
    Give a scenario another state in a world.

    Raises:
        ScriptError: there is no such scenario, or it has no such state.
    """
    states = possible_states(responders, stubs).get(name)
    if states is None:
        raise ScriptError(f"there is no scenario {name!r}")
    if state not in states:
        raise ScriptError(f"the scenario {name!r} has no state {state!r}; it has {', '.join(states)}", ("state",))
    world.scenarios[name] = state


def reset_scenarios(world: World, name: str | None = None) -> None:
    """Let one scenario, or all of them, begin anew in a world; turns too."""
    if name is None:
        world.scenarios.clear()
    else:
        world.scenarios.pop(name, None)
    begun = ("scenario:", "told:scenario:") if name is None else (f"scenario:{name}:", f"told:scenario:{name}/")
    for key in [key for key in world.turns if key.startswith(begun)]:
        del world.turns[key]


def _describe_state(name: str, states: tuple[str, ...], world: World) -> JsonObject:
    return {"id": name, "name": name, "state": world.scenarios.get(name, STARTED), "possibleStates": [*states]}
