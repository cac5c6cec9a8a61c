"""
Scenarios: state machines in files, `scenarios/<name>.yaml`.

    name: checkout                      # else the name of the file
    rules:
      - when:  {operation: getOrder, state: Started, path: {orderId: A1}}   # and what the `when` of a fixture may say
        answer: {status: 200, body: {state: open}}
      - when:  {operation: payOrder}
        answer: {example: paid}         # or fixture: NAME, code: 201, profile: minimal
        then:  Paid                     # the state that follows; without an answer, it follows a good request
      - when:  {operation: getOrder, state: [Paid, Sent]}
        answers: [{body: {state: paid}}, {body: {state: sent}}]             # one after another
        repeat: last                    # or loop: begin again

Each world has its own states, and its own turns in `answers`. In every scenario the first rule that fits counts; every
text of an answer is a template. Answers are judged by the document when they are read, or when they are made. A rule
and the state after it are taken together, so that of two requests at the same time only one finds the first state.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final

from mock_server.delay import Delay
from mock_server.document.load import json_duplicates, read_resource
from mock_server.document.model import Entry, Operation
from mock_server.errors import DocumentError, SchemaError, ScriptError, within
from mock_server.exchange.negotiate import ChosenResponse, choose_status, choose_success, find_example
from mock_server.exchange.prefer import Preferences
from mock_server.faults import Fault
from mock_server.findings import Finding, Level, Place
from mock_server.json_values import JsonObject, JsonValue, Pointer
from mock_server.pausing import without_pauses
from mock_server.respond.answer import SOURCE, Answer, Foreseen, Passed
from mock_server.respond.match.conditions import PLACES, Condition, read_conditions
from mock_server.respond.represent.context import RequestContext
from mock_server.respond.responder import Responder
from mock_server.respond.stored import KEYS, Stored, judge_stored, read_delay, read_fault, read_stored, render
from mock_server.respond.worlds import STARTED
from mock_server.settings.types import PROFILES

_SUFFIXES = frozenset((".yaml", ".yml", ".json"))
_DIRECTIONS = frozenset(("code", "example", "fixture", "profile", "delay", "fault"))
_MAX_NAME = 200  # characters of a name or a state
_PASSED: Final = Passed("no rule of a scenario fits the request in the states of its world")


@dataclass(frozen=True, slots=True)
class Directed:
    """An answer that the document has, and that a scenario asks for."""

    chosen: ChosenResponse | None  # of a fixture: its own
    example: str | None = None
    fixture: str | None = None
    profile: str | None = None
    delay: Delay | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class ScenarioRule:
    """A rule of a scenario: its conditions, and what follows."""

    number: int  # in its scenario, from 0
    states: frozenset[str] | None  # in which it holds; None: in all
    conditions: tuple[Condition, ...]
    answers: Mapping[
        str, tuple[Stored | Directed, ...]
    ]  # by operation; one after another; none leaves the answer to others
    loops: bool  # begin again after the last answer, instead of giving it again
    then: str | None  # the state that follows


@dataclass(frozen=True, slots=True)
class Scenario:
    """A state machine."""

    name: str
    rules: tuple[ScenarioRule, ...]
    place: Place

    @property
    def states(self) -> tuple[str, ...]:
        """All states that are named, the first one first."""
        named = (state for rule in self.rules for state in (*sorted(rule.states or ()), rule.then) if state is not None)
        return tuple(dict.fromkeys((STARTED, *named)))


@dataclass(frozen=True, slots=True)
class Scenarios:
    """The scenarios of a folder, and what is wrong with the others."""

    scenarios: tuple[Scenario, ...] = ()
    findings: tuple[Finding, ...] = ()


NO_SCENARIOS: Final = Scenarios()


def load_scenarios(folder: Path | None, responder: Responder, known: frozenset[str] = frozenset()) -> Scenarios:
    """
    Read and judge the scenarios of a folder.

    Args:
        folder: Where they are; none are there if it does not exist.
        responder: Answers for the document that they have to keep to, with its fixtures.
        known: The names of operations of all documents that are served; rules for those of others are passed over.

    Returns:
        The right ones, and findings for the others.
    """
    found: dict[str, Scenario] = {}
    findings: list[Finding] = []
    folders = (*([folder.resolve()] if folder is not None else []), *responder.document.library.folders)
    for path in sorted(folder.iterdir()) if folder is not None and folder.is_dir() else ():
        if path.suffix not in _SUFFIXES or path.name.startswith("."):
            continue
        reading = _ScenarioReader(responder, known, str(path))
        scenario = reading.read(path, folders)
        findings += reading.findings
        if scenario is None:
            continue
        if scenario.name in found:
            message = f"another scenario is called {scenario.name!r}, too: {found[scenario.name].place.file}"
            findings.append(Finding(rule="scenario-invalid", message=message, place=scenario.place))
            continue
        found[scenario.name] = scenario
    return Scenarios(tuple(found.values()), tuple(findings))


@dataclass(eq=False)
class _ScenarioReader:
    """Reads one file; what is wrong with it is gathered."""

    responder: Responder
    known: frozenset[str]
    name: str
    findings: list[Finding] = field(default_factory=list)

    def read(self, path: Path, folders: Sequence[Path]) -> Scenario | None:
        try:
            resource = read_resource(path, folders)
        except DocumentError as error:
            self.note(str(error).partition(": ")[2] or str(error))
            return None
        self.name = resource.name
        value = resource.value
        if not isinstance(value, dict) or "rules" not in value:
            message = "it is no scenario: that is an object with 'rules'"
            self.findings.append(Finding(rule="scenario-file-unknown", message=message, place=Place(self.name)))
            return None
        self.findings += [
            Finding(rule="scenario-invalid", message=note.message, place=note.place)
            for note in (*resource.findings, *json_duplicates(resource))
        ]
        try:
            name, rules = _head(value, path.stem)
        except ScriptError as error:
            self.note(error.reason, error.pointer)
            return None
        read = tuple(self._rule(rule, number) for number, rule in enumerate(rules))
        whole = tuple(rule for rule in read if rule is not None and rule.answers)
        if whole and not self.findings:
            return Scenario(name, whole, Place(self.name))
        return None

    def note(self, message: str, pointer: Pointer = (), operation: str | None = None) -> None:
        self.findings.append(
            Finding(rule="scenario-invalid", message=message, place=Place(self.name, pointer), operation=operation)
        )

    def _rule(self, rule: JsonValue, number: int) -> ScenarioRule | None:
        """Return one rule; what is wrong with it is noted."""
        try:
            return self._read_rule(rule, number)
        except ScriptError as error:
            self.note(error.reason, ("rules", str(number), *error.pointer))
            return None

    def _read_rule(self, rule: JsonValue, number: int) -> ScenarioRule:
        if not isinstance(rule, dict) or not rule.keys() <= {"when", "answer", "answers", "repeat", "then"}:
            raise ScriptError("a rule is an object of when, answer or answers, repeat and then")
        when = rule.get("when", {})
        entries, states = self._when(when)
        then = _word(rule["then"], "then") if "then" in rule else None
        written, loops = _answers(rule)
        if not written and then is None:
            raise ScriptError("a rule has an answer, or a state that follows it: 'then'")
        conditions = tuple(_conditions(when if isinstance(when, dict) else {}))
        at = ("rules", str(number))
        answers = {
            entry.id: [self._answer(entry, value, (*at, *pointer)) for pointer, value in written] for entry in entries
        }
        right = {
            operation: tuple(answer for answer in found if answer is not None) for operation, found in answers.items()
        }
        return ScenarioRule(number, states, conditions, right, loops, then)

    def _when(self, when: JsonValue) -> tuple[list[Entry], frozenset[str] | None]:
        if not isinstance(when, dict) or not when.keys() <= {"operation", "state", "body", *PLACES}:
            raise ScriptError("'when' is an object of operation, state, path, query, headers and body", ("when",))
        names = when.get("operation")
        if not names:
            raise ScriptError("'when' names an operation: its operationId or 'GET /path', or a list of them", ("when",))
        entries = []
        for name in names if isinstance(names, list) else [names]:
            entry = self.responder.document.find_entry(name) if isinstance(name, str) else None
            if entry is None and isinstance(name, str) and name in self.known:
                continue
            if entry is None:
                raise ScriptError(
                    f"no operation of {self.responder.document.resource.name} is called {name!r}", ("when", "operation")
                )
            entries.append(entry)
        if "state" not in when:
            return entries, None
        states = when["state"] if isinstance(when["state"], list) else [when["state"]]
        return entries, frozenset(_word(state, "when", "state") for state in states)

    def _answer(self, entry: Entry, value: JsonValue, at: Pointer) -> Stored | Directed | None:
        """Return one answer for one operation; what is wrong with it is noted."""
        try:
            return self._read_answer(entry, value, at)
        except ScriptError as error:
            self.note(error.reason, (*at, *error.pointer), entry.id)
        except SchemaError as error:
            self.note(f"it can't be judged: {error}", at, entry.id)
        return None

    def _read_answer(self, entry: Entry, value: JsonValue, at: Pointer) -> Stored | Directed:
        operation = self.responder.document.operation(entry)
        if not isinstance(value, dict):
            raise ScriptError("an answer is an object")
        if value.keys() & {"code", "example", "fixture", "profile"}:
            return self._directed(operation, value)
        if not value or not value.keys() <= KEYS:
            keys = ", ".join(sorted(KEYS | _DIRECTIONS))
            raise ScriptError(
                f"an answer has some of {keys}; {', '.join(sorted(value.keys() - KEYS)) or 'nothing'} is none of them"
            )
        stored = read_stored(value, operation, self.responder.kit.pools, template=True)
        head = self.responder.operations.render_context(operation, stored.status, "").head
        for finding in judge_stored(stored, self.responder.judge_of(entry), head):
            inside = finding.instance or ()
            where = inside if inside[:1] in {("body",), ("status",)} else inside[:1]
            self.note(f"{finding.message} ({finding.rule}, {finding.place})", (*at, *where), entry.id)
        return stored

    def _directed(self, operation: Operation, value: JsonObject) -> Directed:
        if not value.keys() <= _DIRECTIONS:
            raise ScriptError(
                f"beside {', '.join(sorted(value.keys() & _DIRECTIONS))} "
                f"there is no {min(value.keys() - _DIRECTIONS)!r}"
            )
        words = {key: _word(value[key], key) for key in ("example", "fixture", "profile") if key in value}
        delay, fault = read_delay(value.get("delay")), read_fault(value.get("fault"))
        fixture = words.get("fixture")
        if fixture is not None:
            if len(value.keys() - {"delay", "fault"}) > 1:
                raise ScriptError("a fixture has its own status and body", ("fixture",))
            if self.responder.fixtures.named(operation.id, fixture) is None:
                known = ", ".join(f.name for f in self.responder.fixtures.by_operation.get(operation.id, ())) or "none"
                raise ScriptError(f"{operation.id} has no fixture {fixture!r}; there are: {known}", ("fixture",))
            return Directed(None, fixture=fixture, delay=delay, fault=fault)
        chosen = _chosen(operation, value.get("code"))
        example, profile = words.get("example"), words.get("profile")
        if example is not None and not any(find_example(media, example) for media in chosen.response.content):
            known = ", ".join(e.key for media in chosen.response.content for e in media.examples if e.key) or "none"
            raise ScriptError(
                f"the response {chosen.status} has no example {example!r}; there are: {known}", ("example",)
            )
        if profile is not None and profile not in PROFILES:
            raise ScriptError(f"a profile is one of {', '.join(PROFILES)}", ("profile",))
        return Directed(chosen, example=example, profile=profile, delay=delay, fault=fault)


def _head(value: JsonObject, name: str) -> tuple[str, list[JsonValue]]:
    """Return the name of a scenario and its rules."""
    rules = value["rules"]
    if not value.keys() <= {"name", "rules"} or not isinstance(rules, list) or not rules:
        raise ScriptError("a scenario has 'rules', a list, and may have a 'name'", ("rules",))
    return _word(value.get("name", name), "name"), rules


def _chosen(operation: Operation, code: JsonValue) -> ChosenResponse:
    """Return the documented response of a status; of none, that of success."""
    if code is None:
        chosen = choose_success(operation)
    elif isinstance(code, bool) or not isinstance(code, int):
        raise ScriptError(f"a code is a status such as 404, not {code!r}", ("code",))
    else:
        chosen = choose_status(operation, code)
    if chosen is None:
        known = ", ".join(response.status for response in operation.responses) or "none"
        raise ScriptError(f"the status {code} is not documented; documented are {known}", ("code",))
    return chosen


def _answers(rule: JsonObject) -> tuple[list[tuple[Pointer, JsonValue]], bool]:
    """Return the answers of a rule with their places, and whether they begin again."""
    repeat = rule.get("repeat", "last")
    if repeat not in {"last", "loop"} or ("repeat" in rule and "answers" not in rule):
        raise ScriptError("'repeat' stands beside 'answers', and is last or loop", ("repeat",))
    if "answers" not in rule:
        return ([(("answer",), rule["answer"])] if "answer" in rule else []), False
    answers = rule["answers"]
    if not isinstance(answers, list) or not answers or "answer" in rule:
        raise ScriptError("'answers' is a list of them, and there is no 'answer' beside it", ("answers",))
    return [(("answers", str(index)), answer) for index, answer in enumerate(answers)], repeat == "loop"


def _conditions(when: JsonObject) -> Iterator[Condition]:
    with within("when"):
        yield from read_conditions({name: value for name, value in when.items() if name not in {"operation", "state"}})


def _word(value: JsonValue, *pointer: str) -> str:
    if not isinstance(value, str) or not value or len(value) > _MAX_NAME or not value.isprintable():
        raise ScriptError(f"{pointer[-1]!r} is a word of at most {_MAX_NAME} characters, not {value!r}", pointer)
    return value


class Player:
    """The source of answers from scenarios."""

    name = "scenario"
    before_validation = True
    blocks = False

    def __init__(self, responder: Responder, scenarios: tuple[Scenario, ...]) -> None:
        """
        Sort the rules by the operations that they are for.

        Args:
            responder: Answers for the document.
            scenarios: Judged by it.
        """
        self.scenarios = scenarios
        self._responder = responder
        self._lock = Lock()
        self._rules: dict[str, list[tuple[Scenario, list[ScenarioRule]]]] = {}
        for scenario in scenarios:
            for operation in dict.fromkeys(operation for rule in scenario.rules for operation in rule.answers):
                rules = [rule for rule in scenario.rules if operation in rule.answers]
                self._rules.setdefault(operation, []).append((scenario, rules))

    def touches(self, entry: Entry) -> bool:
        """Return whether a scenario has a rule for an operation."""
        return entry.id in self._rules

    def consider(self, operation: Operation | None, ask: RequestContext) -> Answer | Passed | Foreseen:
        """Answer by the first rule that fits and has an answer, scenario by scenario."""
        if operation is None:
            return _PASSED
        for scenario, rules in self._rules.get(operation.id, ()):
            with self._lock, without_pauses():
                state = ask.world.scenarios.get(scenario.name, STARTED)
                rule = next((rule for rule in rules if _fits(rule, state, ask)), None)
                if rule is None or not (rule.answers[operation.id] or self._is_good(ask)):
                    continue
                if rule.then is not None:
                    ask.world.scenarios[scenario.name] = rule.then
                answer = _turn(scenario, rule, operation, ask)
            if answer is None:
                continue
            if ask.explains:
                then = f"; the state {rule.then} follows" if rule.then is not None else ""
                return Foreseen(
                    f"the rule {rule.number} of the scenario {scenario.name} fits, in the state {state}{then}"
                )
            return self._give(answer, f"scenario:{scenario.name}", f"{scenario.name}/{rule.number}", operation, ask)
        return _PASSED

    def _is_good(self, ask: RequestContext) -> bool:
        """Return whether a request is not refused: only then does a state follow from it without an answer."""
        settings, read = self._responder.kit.settings, ask.understood
        if read.unmet and settings.security:
            return False
        return not settings.validate_requests or not any(finding.level is Level.ERROR for finding in read.findings)

    def _give(
        self, given: Stored | Directed, source: str, key: str, operation: Operation, ask: RequestContext
    ) -> Answer:
        if isinstance(given, Stored):
            return render(
                given,
                self._responder.operations.render_context(operation, given.status, source, f"scenario:{key}"),
                ask,
            )
        answer = self._direct(given, operation, ask)
        if answer.source.startswith("problem:"):
            return answer
        fields = [(name, value) for name, value in answer.fields if name != SOURCE]
        fields.append((SOURCE, source.encode("latin-1", "replace")))
        return answer._replace(
            fields=fields, source=source, delay=given.delay or answer.delay, fault=given.fault or answer.fault
        )

    def _direct(self, given: Directed, operation: Operation, ask: RequestContext) -> Answer:
        """Return the answer of the document that a rule asks for."""
        if given.fixture is not None:
            fixture = self._responder.fixtures.named(operation.id, given.fixture)
            if fixture is not None:
                return render(
                    fixture.stored,
                    self._responder.operations.render_context(operation, fixture.status, f"fixture:{fixture.name}"),
                    ask,
                )
        chosen = given.chosen or choose_success(operation)
        assert chosen is not None  # noqa: S101 - it was looked for when the scenario was read
        preferences = Preferences(example=given.example, profile=given.profile)
        asked = ask._replace(preferences=preferences, profile=given.profile or ask.profile)
        return self._responder.reply(operation.entry, chosen).render(asked)


def _fits(rule: ScenarioRule, state: str, ask: RequestContext) -> bool:
    if rule.states is not None and state not in rule.states:
        return False
    return all(condition.holds(ask.request, ask.understood) for condition in rule.conditions)


def _turn(
    scenario: Scenario, rule: ScenarioRule, operation: Operation, ask: RequestContext
) -> Stored | Directed | None:
    """Take the answer that is next in turn."""
    answers = rule.answers[operation.id]
    if len(answers) < 2:  # noqa: PLR2004 - nothing goes by turns
        if answers:
            return answers[0]
        return None
    key = f"scenario:{scenario.name}:{rule.number}"
    turn = ask.world.turns[key]
    ask.world.turns[key] += 1
    return answers[turn % len(answers) if rule.loops else min(turn, len(answers) - 1)]
