"""
Playing scenarios: the state of a world says which rule answers, and the rule which state follows.

A rule and the state after it are taken together, so that of two requests at the same time only one finds the first state.
"""

from threading import Lock

from mock_server.exchange.negotiate import choose_success
from mock_server.exchange.preference import Preferences
from mock_server.pausing import without_pauses
from mock_server.rules import Level
from mock_server.serve.answer import SOURCE, Answer
from mock_server.serve.reply import Ask
from mock_server.serve.respond import Responder
from mock_server.serve.script.scenario import Directed, Rule, Scenario
from mock_server.serve.stored import Stored, tell
from mock_server.serve.world import STARTED
from mock_server.spec.model import Entry, Operation


class Player:
    """Answers from scenarios; see `serve.source`."""

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
        self._rules: dict[str, list[tuple[Scenario, list[Rule]]]] = {}
        for scenario in scenarios:
            for operation in dict.fromkeys(operation for rule in scenario.rules for operation in rule.answers):
                rules = [rule for rule in scenario.rules if operation in rule.answers]
                self._rules.setdefault(operation, []).append((scenario, rules))

    def touches(self, entry: Entry) -> bool:
        """Whether a scenario has a rule for an operation."""
        return entry.id in self._rules

    def answer(self, operation: Operation | None, ask: Ask) -> Answer | None:
        """Answer by the first rule that fits, in the first scenario whose rule has an answer."""
        if operation is None:
            return None
        for scenario, rules in self._rules.get(operation.id, ()):
            with self._lock, without_pauses():
                state = ask.world.scenarios.get(scenario.name, STARTED)
                rule = next((rule for rule in rules if _fits(rule, state, ask)), None)
                if rule is None or not (rule.answers[operation.id] or self._is_good(ask)):
                    continue
                if rule.then is not None:
                    ask.world.scenarios[scenario.name] = rule.then
                answer = _turn(scenario, rule, operation, ask)
            if answer is not None:
                return self._give(answer, f"scenario:{scenario.name}", f"{scenario.name}/{rule.number}", operation, ask)
        return None

    def tell(self, operation: Operation | None, ask: Ask) -> tuple[bool, str]:
        """Whether a scenario would answer, and by which rule; nothing is changed."""
        for scenario, rules in self._rules.get(operation.id, ()) if operation is not None else ():
            state = ask.world.scenarios.get(scenario.name, STARTED)
            rule = next((rule for rule in rules if _fits(rule, state, ask)), None)
            if rule is not None and operation is not None and rule.answers[operation.id]:
                then = f"; the state {rule.then} follows" if rule.then is not None else ""
                return True, f"the rule {rule.number} of the scenario {scenario.name} fits, in the state {state}{then}"
        return False, "no rule of a scenario fits the request in the states of its world"

    def _is_good(self, ask: Ask) -> bool:
        """Whether a request is not refused: only then does a state follow from it without an answer."""
        settings, read = self._responder.kit.settings, ask.understood
        if read.unmet and settings.security:
            return False
        return not settings.validate_requests or not any(finding.level is Level.ERROR for finding in read.findings)

    def _give(self, given: Stored | Directed, source: str, key: str, operation: Operation, ask: Ask) -> Answer:
        if isinstance(given, Stored):
            return tell(given, self._responder.telling(operation, given.status, source, f"scenario:{key}"), ask)
        answer = self._direct(given, operation, ask)
        if answer.source.startswith("problem:"):
            return answer
        fields = [(name, value) for name, value in answer.fields if name != SOURCE]
        fields.append((SOURCE, source.encode("latin-1", "replace")))
        return answer._replace(fields=fields, source=source, delay=given.delay or answer.delay, fault=given.fault or answer.fault)

    def _direct(self, given: Directed, operation: Operation, ask: Ask) -> Answer:
        """The answer of the document that a rule asks for."""
        if given.fixture is not None:
            fixture = self._responder.fixtures.named(operation.id, given.fixture)
            if fixture is not None:
                return tell(fixture.stored, self._responder.telling(operation, fixture.status, f"fixture:{fixture.name}"), ask)
        chosen = given.chosen or choose_success(operation)
        assert chosen is not None  # noqa: S101 - it was looked for when the scenario was read
        preferences = Preferences(example=given.example, profile=given.profile)
        asked = ask._replace(preferences=preferences, profile=given.profile or ask.profile)
        return self._responder.reply(operation.entry, chosen).render(asked)


def _fits(rule: Rule, state: str, ask: Ask) -> bool:
    if rule.states is not None and state not in rule.states:
        return False
    return all(condition.holds(ask.request, ask.understood) for condition in rule.conditions)


def _turn(scenario: Scenario, rule: Rule, operation: Operation, ask: Ask) -> Stored | Directed | None:
    """The answer whose turn it is."""
    answers = rule.answers[operation.id]
    if len(answers) < 2:  # noqa: PLR2004 - nothing goes by turns
        return answers[0] if answers else None
    key = f"scenario:{scenario.name}:{rule.number}"
    turn = ask.world.turns[key]
    ask.world.turns[key] += 1
    return answers[turn % len(answers) if rule.loops else min(turn, len(answers) - 1)]
