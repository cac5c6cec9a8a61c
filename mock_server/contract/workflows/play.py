"""Playing workflows: each step is a request of the run, judged by the same checks as any other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.checks import Check
from mock_server.contract.knowledge.memory import path_values
from mock_server.contract.model import Exchanged, Intent, Probe, Verdict
from mock_server.contract.phases.resources import ask_with_made_up_credentials, remember
from mock_server.contract.run import Run
from mock_server.contract.session import Session
from mock_server.contract.workflows.conditions import ConditionError, holds
from mock_server.contract.workflows.draft import Unwritable, extra_fields, write_step
from mock_server.contract.workflows.expressions import Scope
from mock_server.contract.workflows.model import StepAction, StepCriterion, Workflow, WorkflowDocument, WorkflowStep
from mock_server.contract.workflows.parse import find_operation_pointer, order_workflows
from mock_server.document.model import MISSING, Entry, Missing
from mock_server.errors import SchemaError, UndefinedSerialization
from mock_server.exchange.expressions import ExpressionContext
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Response, find_field
from mock_server.findings import Finding
from mock_server.generate.producer import SampleOptions
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonValue, as_object
from mock_server.jsonpath import PathEngine

PHASE: Final = "workflows"
CHECK: Final = Check(
    "workflow_success", "a workflow comes to its end: the criteria of each step hold", needs="no workflow was played"
)
_MOST_STEPS: Final = 500  # of all workflows together: retries and jumps count
_DEEPEST: Final = 10  # workflows in each other
_BAD: Final = 400  # the lowest status that is no success, where a step has no criteria


class Unplayable(Exception):
    """A workflow can't be played, for a reason that is not the API's."""


@dataclass(frozen=True, slots=True)
class _StepOutcome:
    """The outcome of a step."""

    success: bool
    why: str = ""  # it was none
    exchanged: Exchanged | None = None
    session: Session | None = None


@dataclass(eq=False, repr=False)
class WorkflowPlayer:
    """Plays the workflows of a document. Used by one thread."""

    run: Run
    document: WorkflowDocument
    sessions: dict[str, Session] = field(default_factory=dict)  # by operationId
    skipped: dict[str, str] = field(default_factory=dict)  # workflows, and why they were not played to their end
    _done: dict[str, Mapping[str, Mapping[str, JsonValue]]] = field(default_factory=dict)  # inputs, outputs
    _failed: set[str] = field(default_factory=set)
    _sent: int = 0
    _paths: PathEngine = field(default_factory=PathEngine)  # its bound is of all workflows together

    def play(self) -> None:
        """Play all workflows, those first that others depend on."""
        for workflow in order_workflows(self.document):
            before = [found.id for name in workflow.after if (found := self.document.find(name)) is not None]
            broken = [name for name in before if name in self._failed or name in self.skipped]
            if broken:
                self.skipped[workflow.id] = f"it depends on {', '.join(broken)}, which did not come to its end"
                continue
            try:
                if not self._play(workflow, {}, 0):
                    self._failed.add(workflow.id)
            except Unplayable as reason:
                self.skipped[workflow.id] = str(reason)

    def _play(self, workflow: Workflow, given: Mapping[str, JsonValue], depth: int) -> bool:
        """Play one workflow; gives whether it came to its end."""
        if depth > _DEEPEST:
            raise Unplayable(f"workflows call each other more than {_DEEPEST} deep")
        inputs = {**self._inputs(workflow), **given}
        scope = Scope(inputs, self.document.sources, workflows=dict(self._done), paths=self._paths)
        exchanges: list[Exchanged] = []
        tries: dict[str, int] = {}
        index, success = 0, True
        while index < len(workflow.steps):
            step = workflow.steps[index]
            outcome = self._take(workflow, step, scope, exchanges, depth)
            if outcome.exchanged is not None:
                exchanges.append(outcome.exchanged)
            action = self._choose(step.on_success if outcome.success else step.on_failure, scope)
            if action is not None and action.type == "retry" and not outcome.success:
                tries[step.id] = tries.get(step.id, 0) + 1
                if tries[step.id] <= action.retry_limit:
                    self.run.pause(action.retry_after)
                    if action.workflow is not None:
                        self._call(action.workflow, {}, depth)
                    continue
                action = None
            if not outcome.success and (action is None or action.type == "end"):
                success = False
                self._note(workflow, step, outcome, exchanges)
                break
            if action is None:
                index += 1
            elif action.type == "goto" and action.step is not None:
                index = self._index(workflow, action.step)
            else:
                if action.workflow is not None:
                    success = self._call(action.workflow, {}, depth)
                break
        self._finish(workflow, scope, inputs)
        return success

    def _finish(self, workflow: Workflow, scope: Scope, inputs: Mapping[str, JsonValue]) -> None:
        outputs = {name: scope.select(wanted) for name, wanted in workflow.outputs.items()}
        found = {name: value for name, value in outputs.items() if not isinstance(value, Missing)}
        self._done[workflow.id] = {"inputs": inputs, "outputs": found}

    def _call(self, name: str, inputs: Mapping[str, JsonValue], depth: int) -> bool:
        workflow = self.document.find(name)
        if workflow is None:
            raise Unplayable(f"it names the workflow {name!r}, which is in another document, or nowhere")
        return self._play(workflow, inputs, depth + 1)

    def _index(self, workflow: Workflow, step: str) -> int:
        for index, each in enumerate(workflow.steps):
            if each.id == step:
                return index
        raise Unplayable(f"it goes to the step {step!r}, which is not there")

    def _choose(self, actions: tuple[StepAction, ...], scope: Scope) -> StepAction | None:
        """Choose the first action whose criteria hold."""
        return next((action for action in actions if not _unmet(action.criteria, scope)), None)

    def _take(
        self, workflow: Workflow, step: WorkflowStep, scope: Scope, exchanges: list[Exchanged], depth: int
    ) -> _StepOutcome:
        """Take one step."""
        self._sent += 1
        if self._sent > _MOST_STEPS:
            raise Unplayable(f"the workflows take more than {_MOST_STEPS} steps")
        if step.kind == "channelPath":
            raise Unplayable(f"the step {step.id} sends a message over a channel, which is no HTTP")
        if step.kind == "workflowId":
            return self._take_workflow(step, scope, depth)
        entry = self._entry(step)
        if not self.run.may_send(entry):
            raise Unplayable(f"the step {step.id} sends {entry.title}, which needs --mutating")
        session = self._session(entry)
        try:
            probe = self._probe(session.subject, workflow, step, scope)
        except Unwritable as error:
            return _StepOutcome(
                success=False, why=str(error), exchanged=exchanges[-1] if exchanges else None, session=session
            )
        exchanged = session.send(probe)
        asked = ask_with_made_up_credentials(session, exchanged)
        if asked is not None and asked.accepted:
            remember(session, asked)
            exchanged = session.send(self._probe(session.subject, workflow, step, scope))
        if exchanged.accepted:
            remember(session, exchanged)
        scope.exchange = self._context(session.subject, exchanged)
        unmet = _unmet(step.criteria, scope)
        if not step.criteria and not 0 < exchanged.status < _BAD:
            unmet = [f"the status is {exchanged.status}"]
        outputs = {name: scope.select(wanted) for name, wanted in step.outputs.items()}
        scope.steps[step.id] = {name: value for name, value in outputs.items() if not isinstance(value, Missing)}
        return _StepOutcome(not unmet, "; ".join(unmet), exchanged, session)

    def _take_workflow(self, step: WorkflowStep, scope: Scope, depth: int) -> _StepOutcome:
        given = {parameter.name: scope.fill(parameter.value) for parameter in step.parameters}
        success = self._call(step.target, {k: v for k, v in given.items() if not isinstance(v, Missing)}, depth)
        called = self.document.find(step.target)
        scope.workflows.update(self._done)
        if called is not None and called.id in self._done:
            scope.outputs = self._done[called.id]["outputs"]
            outputs = {name: scope.select(wanted) for name, wanted in step.outputs.items()} or dict(scope.outputs)
            scope.steps[step.id] = {name: value for name, value in outputs.items() if not isinstance(value, Missing)}
        unmet = _unmet(step.criteria, scope)
        return _StepOutcome(success and not unmet, "; ".join(unmet) or f"the workflow {step.target} failed")

    def _probe(self, subject: OperationUnderTest, workflow: Workflow, step: WorkflowStep, scope: Scope) -> Probe:
        """
        Make the request of a step: what it says, and examples of what else is required.

        Raises:
            Unwritable: an expression leads to nothing, or the request could change what is not this run's own.
        """
        draft = write_step(subject, step, scope)
        try:
            request = extra_fields(subject.write(draft), subject, step, scope)
        except UndefinedSerialization as error:
            raise Unwritable(f"the request can't be written: {error}") from error
        if not self.run.is_harmless(subject, draft):
            raise Unwritable("it could change what this run did not create: name it with --values, if it may")
        classified = subject.classify(request)
        first = classified.findings[0] if classified.findings else None
        what = f"the step {step.id} of {workflow.id}"
        where = first.instance or () if first is not None else ()
        place = first.place if first is not None else None
        known = classified.intent is Intent.CONFORMING
        return Probe(subject.entry.id, request, classified.intent, PHASE, what, "", where, place, draft, known)

    def _context(self, subject: OperationUnderTest, exchanged: Exchanged) -> ExpressionContext:
        request, response = exchanged.probe.request, exchanged.received.response
        draft = exchanged.probe.draft
        variables = {name: str(value) for name, value in path_values(exchanged).items()}
        url = self.run.sender.origin + request.target
        body = draft.body if draft is not None else MISSING
        return ExpressionContext(url, request, response, variables, body, _read_body(subject, response))

    def _note(self, workflow: Workflow, step: WorkflowStep, outcome: _StepOutcome, exchanges: list[Exchanged]) -> None:
        """Say that a step failed, with what went before it."""
        exchanged = outcome.exchanged or (exchanges[-1] if exchanges else None)
        if exchanged is None and outcome.session is None:
            return  # a workflow that was called has said it
        if exchanged is None:
            raise Unplayable(f"the step {step.id}: {outcome.why}")
        session = outcome.session or self.sessions[exchanged.probe.operation]
        message = f"the step {step.id} of the workflow {workflow.id} failed: {outcome.why}"
        rule = "workflow-step-failed"
        if outcome.exchanged is not None and exchanged.probe.intent is Intent.VIOLATING:
            broken = session.subject.classify(exchanged.probe.request).findings
            rule = "workflow-request-invalid"
            message += "; its request breaks the document: " + "; ".join(each.message for each in broken[:3])
        finding = Finding(rule, message, step.place, operation=session.subject.entry.id)
        related = tuple(each for each in exchanges if each is not exchanged)
        session.note(Verdict(CHECK.name, finding, cause=(workflow.id, step.id)), exchanged, related)

    def _entry(self, step: WorkflowStep) -> Entry:
        """Find the operation of a step."""
        entries = self.run.api.document.entries
        if step.kind == "operationPath":
            pointer = find_operation_pointer(step.target)
            found = next((entry for entry in entries if entry.node.pointer == pointer), None)
        else:
            name = step.target.rpartition(".")[2] if step.target.startswith("$sourceDescriptions.") else step.target
            found = next((entry for entry in entries if entry.id == name), None)
        if found is None:
            known = {entry.id.lower(): entry.id for entry in entries}
            near = get_close_matches(step.target.rpartition(".")[2].lower(), known, n=1)
            advice = f"; is it {known[near[0]]}?" if near else ""
            raise Unplayable(f"the step {step.id} names {step.target}, which the document does not have{advice}")
        return found

    def _session(self, entry: Entry) -> Session:
        if entry.id not in self.sessions:
            subject = self.run.subject(entry)
            if subject is None:
                raise Unplayable(f"{entry.title} can't be tested: {self.run.api.broken.get(entry.id, '')}")
            self.sessions[entry.id] = Session(self.run, subject, PHASE)
            self.sessions[entry.id].exercised.expect(subject)
        self.sessions[entry.id].look(CHECK.name)
        return self.sessions[entry.id]

    def _inputs(self, workflow: Workflow) -> dict[str, JsonValue]:
        """Find inputs: given ones, defaults, else made by their schema."""
        schema = as_object(workflow.inputs.value) if workflow.inputs is not None else {}
        found: dict[str, JsonValue] = {}
        for name, part in as_object(schema.get("properties")).items():
            given = self.run.memory.given.find(workflow.id, name)
            if given:
                found[name] = given[0]
            elif isinstance(part, dict) and "default" in part:
                found[name] = part["default"]
        if workflow.inputs is None or found.keys() >= as_object(schema.get("properties")).keys():
            return found
        return {**as_object(self._make_inputs(workflow)), **found}

    def _make_inputs(self, workflow: Workflow) -> JsonValue:
        first = next((step for step in workflow.steps if step.kind.startswith("operation")), None)
        if first is None or workflow.inputs is None:
            return {}
        try:
            producer = self._session(self._entry(first)).subject.drafter.producer(workflow.inputs)
            return producer.produce(SampleOptions(derive_seed(self.run.options.seed, "workflow", workflow.id)))
        except SchemaError as error:
            name = f"{workflow.id}.INPUT"
            raise Unplayable(f"no inputs could be made ({error}): give them with --values, as {name}") from error


def _unmet(criteria: tuple[StepCriterion, ...], scope: Scope) -> list[str]:
    """List the criteria that do not hold."""
    found = []
    for criterion in criteria:
        try:
            if not holds(criterion, scope):
                found.append(f"{criterion.condition} does not hold{_shown(criterion, scope)}")
        except ConditionError as error:
            found.append(str(error))
    return found


def _shown(criterion: StepCriterion, scope: Scope) -> str:
    """Say what the status was, where a criterion asks for it."""
    if "$statusCode" not in f"{criterion.condition} {criterion.context}":
        return ""
    status = scope.resolve("$statusCode")
    return f", the status is {status}" if not isinstance(status, Missing) else ""


def _read_body(subject: OperationUnderTest, response: Response | None) -> JsonValue | Missing:
    """Read the body of an answer: as it is documented, else as JSON or a text."""
    if response is None or not response.body:
        return MISSING
    found = subject.responses.read_body(response)
    if not isinstance(found, Missing):
        return found
    written = find_field(response.fields, b"content-type")
    if written is not None and not is_json(parse_media_type(written)):
        return response.body.decode("utf-8", "replace")
    return MISSING
