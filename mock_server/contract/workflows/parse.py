"""Reading an Arazzo document, 1.0 and 1.1."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Final, Never

from mock_server.contract.workflows.model import (
    Selector,
    StepAction,
    StepBody,
    StepCriterion,
    StepParameter,
    Workflow,
    WorkflowDocument,
    WorkflowStep,
)
from mock_server.document.load import LoadedResource
from mock_server.document.references import Node
from mock_server.errors import UsageError
from mock_server.findings import Place
from mock_server.json_values import JsonObject, JsonValue, Pointer, as_object, find_at, format_pointer, parse_pointer

_VERSION: Final = re.compile(r"1\.[01]\.\d+(?:-.*)?\Z")
_KINDS: Final = ("operationId", "operationPath", "workflowId", "channelPath")
_CRITERIA: Final = ("simple", "regex", "jsonpath", "xpath")
_ACTIONS: Final = ("end", "goto", "retry")
_MOST_WAIT: Final = 60.0  # seconds before a retry
_MOST_RETRIES: Final = 100
_DEEPEST: Final = 20  # references in a row


def read_workflows(resource: LoadedResource) -> WorkflowDocument:
    """
    Read a document.

    Raises:
        UsageError: it is no Arazzo document of 1.0 or 1.1; the message has the place.
    """
    return _ArazzoReader(resource).document()


@dataclass(eq=False, repr=False)
class _ArazzoReader:
    resource: LoadedResource
    root: JsonObject = field(default_factory=dict)

    def document(self) -> WorkflowDocument:
        self.root = self.object(self.resource.value, ())
        version = self.root.get("arazzo")
        if version is None:
            self.fail((), "this is no Arazzo document: there is no 'arazzo' in it")
        if not isinstance(version, str) or _VERSION.match(version) is None:
            self.fail(("arazzo",), f"the version of Arazzo is 1.0 or 1.1, not {version!r}")
        workflows = tuple(
            self.workflow(self.object(item, pointer), pointer)
            for item, pointer in self.items(self.root.get("workflows"), ("workflows",))
        )
        if not workflows:
            self.fail(("workflows",), "there is no workflow")
        self.check_unique([(workflow.id, workflow.place.pointer) for workflow in workflows])
        sources = {
            self.text(self.object(item, pointer), "name", pointer): self.text(
                self.object(item, pointer), "url", pointer
            )
            for item, pointer in self.items(self.root.get("sourceDescriptions"), ("sourceDescriptions",))
        }
        title = as_object(self.root.get("info")).get("title")
        return WorkflowDocument(title=str(title or ""), version=str(version), sources=sources, workflows=workflows)

    def workflow(self, value: JsonObject, pointer: Pointer) -> Workflow:
        inputs, inputs_at = self.follow(value.get("inputs"), (*pointer, "inputs"))
        steps = tuple(
            self.step(self.object(item, at), at, value)
            for item, at in self.items(value.get("steps"), (*pointer, "steps"))
        )
        if not steps:
            self.fail(pointer, "a workflow has steps")
        self.check_unique([(step.id, step.place.pointer) for step in steps])
        return Workflow(
            id=self.text(value, "workflowId", pointer),
            inputs=Node(inputs, self.resource, inputs_at) if isinstance(inputs, dict) else None,
            steps=order_steps(steps, self.name(pointer)),
            outputs=self.outputs(value.get("outputs"), (*pointer, "outputs")),
            after=tuple(str(item) for item, _ in self.items(value.get("dependsOn"), (*pointer, "dependsOn"))),
            place=Place(self.resource.name, pointer),
        )

    def follow(self, value: JsonValue, pointer: Pointer) -> tuple[JsonValue, Pointer]:
        """Follow `$ref` within the document."""
        for _ in range(_DEEPEST):
            reference = value.get("$ref") if isinstance(value, dict) else None
            if not isinstance(reference, str):
                return value, pointer
            if not reference.startswith("#/"):
                self.fail(pointer, f"$ref {reference!r} leads out of the document")
            pointer = parse_pointer(reference)
            found, value = find_at(self.root, pointer)
            if not found:
                self.fail(pointer, f"$ref {reference!r} leads nowhere")
        return self.fail(pointer, "references lead in a circle")

    def step(self, value: JsonObject, pointer: Pointer, workflow: JsonObject) -> WorkflowStep:
        named = [kind for kind in _KINDS if kind in value]
        if len(named) != 1:
            self.fail(pointer, f"a step has one of {', '.join(_KINDS)}")
        shared = self.parameters(workflow.get("parameters"), pointer)
        own = self.parameters(value.get("parameters"), (*pointer, "parameters"))
        taken = {(parameter.name, parameter.location) for parameter in own}
        kept = (parameter for parameter in shared if (parameter.name, parameter.location) not in taken)
        body = value.get("requestBody")
        return WorkflowStep(
            id=self.text(value, "stepId", pointer),
            target=self.text(value, named[0], pointer),
            kind=named[0],
            parameters=(*kept, *own),
            body=self.body(self.object(body, pointer)) if body is not None else None,
            criteria=self.criteria(value.get("successCriteria"), (*pointer, "successCriteria")),
            on_success=(
                *self.actions(value.get("onSuccess"), (*pointer, "onSuccess"), "successActions"),
                *self.actions(workflow.get("successActions"), pointer, "successActions"),
            ),
            on_failure=(
                *self.actions(value.get("onFailure"), (*pointer, "onFailure"), "failureActions"),
                *self.actions(workflow.get("failureActions"), pointer, "failureActions"),
            ),
            outputs=self.outputs(value.get("outputs"), (*pointer, "outputs")),
            after=tuple(str(item) for item, _ in self.items(value.get("dependsOn"), (*pointer, "dependsOn"))),
            place=Place(self.resource.name, pointer),
        )

    def parameters(self, value: JsonValue, pointer: Pointer) -> tuple[StepParameter, ...]:
        found = []
        for item, at in self.items(value, pointer):
            table = self.reusable(self.object(item, at), at, "parameters")
            location = table.get("in")
            if "value" not in table:
                self.fail(at, "a parameter has a value")
            found.append(
                StepParameter(self.text(table, "name", at), str(location) if location else None, table["value"])
            )
        return tuple(found)

    def body(self, value: JsonObject) -> StepBody:
        replacements = [as_object(item) for item, _ in self.items(value.get("replacements"), ())]
        content_type = value.get("contentType")
        return StepBody(
            str(content_type) if content_type is not None else None,
            value.get("payload"),
            tuple((str(item.get("target")), item.get("value")) for item in replacements),
        )

    def criteria(self, value: JsonValue, pointer: Pointer) -> tuple[StepCriterion, ...]:
        found = []
        for item, at in self.items(value, pointer):
            table = self.object(item, at)
            type_ = _type_of(table.get("type"), "simple")
            if type_ not in _CRITERIA:
                self.fail(at, f"the type of a criterion is one of {', '.join(_CRITERIA)}, not {type_!r}")
            context = table.get("context")
            if type_ != "simple" and not isinstance(context, str):
                self.fail(at, f"a criterion of the type {type_} has a context")
            condition = self.text(table, "condition", at)
            found.append(StepCriterion(condition, type_, context if isinstance(context, str) else None))
        return tuple(found)

    def actions(self, value: JsonValue, pointer: Pointer, kind: str) -> tuple[StepAction, ...]:
        found = []
        for item, at in self.items(value, pointer):
            table = self.reusable(self.object(item, at), at, kind)
            type_ = self.text(table, "type", at)
            if type_ not in _ACTIONS:
                self.fail(at, f"the type of an action is one of {', '.join(_ACTIONS)}, not {type_!r}")
            step, workflow = table.get("stepId"), table.get("workflowId")
            if type_ == "goto" and (step is None) == (workflow is None):
                self.fail(at, "goto has either a stepId or a workflowId")
            found.append(
                StepAction(
                    str(table.get("name", "")),
                    type_,
                    self.criteria(table.get("criteria"), (*at, "criteria")),
                    str(step) if step is not None else None,
                    str(workflow) if workflow is not None else None,
                    min(_number(table.get("retryAfter"), 0.0), _MOST_WAIT),
                    int(min(_number(table.get("retryLimit"), 1.0), _MOST_RETRIES)),
                )
            )
        return tuple(found)

    def outputs(self, value: JsonValue, pointer: Pointer) -> Mapping[str, str | Selector]:
        found: dict[str, str | Selector] = {}
        for name, item in as_object(value).items():
            if isinstance(item, dict):
                at = (*pointer, name)
                type_ = _type_of(item.get("type"), "")
                found[name] = Selector(self.text(item, "context", at), self.text(item, "selector", at), type_)
            else:
                found[name] = str(item)
        return found

    def reusable(self, value: JsonObject, pointer: Pointer, kind: str) -> JsonObject:
        """Follow a Reusable Object: `{reference: $components.parameters.page}`."""
        reference = value.get("reference")
        if not isinstance(reference, str):
            return value
        prefix, _, name = reference.rpartition(".")
        if prefix != f"$components.{kind}":
            self.fail(pointer, f"a reference here is $components.{kind}.NAME, not {reference!r}")
        found = as_object(as_object(self.root.get("components")).get(kind)).get(name)
        if not isinstance(found, dict):
            self.fail(pointer, f"{reference} leads nowhere")
        return {**as_object(found), **{key: item for key, item in value.items() if key != "reference"}}

    def items(self, value: JsonValue, pointer: Pointer) -> Iterator[tuple[JsonValue, Pointer]]:
        if value is None:
            return
        if not isinstance(value, list):
            self.fail(pointer, "this is a list")
        for index, item in enumerate(value):
            yield item, (*pointer, str(index))

    def object(self, value: JsonValue, pointer: Pointer) -> JsonObject:
        if not isinstance(value, dict):
            self.fail(pointer, "this is an object")
        return value

    def text(self, table: JsonObject, name: str, pointer: Pointer) -> str:
        value = table.get(name)
        if not isinstance(value, str) or not value:
            self.fail(pointer, f"{name} is a text")
        return str(value)

    def check_unique(self, names: list[tuple[str, Pointer]]) -> None:
        seen: set[str] = set()
        for name, pointer in names:
            if name in seen:
                self.fail(pointer, f"{name!r} is there twice")
            seen.add(name)

    def name(self, pointer: Pointer) -> str:
        return f"{self.resource.name}#{format_pointer(pointer)}"

    def fail(self, pointer: Pointer, why: str) -> Never:
        raise UsageError(f"{self.name(pointer)}: {why}")


def _type_of(value: JsonValue, default: str) -> str:
    """Read a type: a text, or an Expression Type Object."""
    if isinstance(value, dict):
        value = value.get("type")
    if isinstance(value, str):
        return value
    return default


def _number(value: JsonValue, default: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return default
    return float(value)


def order_steps(steps: tuple[WorkflowStep, ...], where: str) -> tuple[WorkflowStep, ...]:
    """
    Order steps so that each comes after those that it depends on; else they stay as they are.

    Raises:
        UsageError: a step depends on one that is not there, or on itself.
    """
    by_id = {step.id: step for step in steps}
    for step in steps:
        for name in step.after:
            if name.startswith("$"):
                continue  # of another workflow
            if name not in by_id:
                raise UsageError(f"{where}: {step.id} depends on {name!r}, which is no step")
    ordered: list[WorkflowStep] = []
    left = list(steps)
    while left:
        done = {step.id for step in ordered}
        ready = next((step for step in left if all(name in done or name not in by_id for name in step.after)), None)
        if ready is None:
            raise UsageError(f"{where}: the steps {', '.join(step.id for step in left)} depend on each other")
        ordered.append(ready)
        left.remove(ready)
    return tuple(ordered)


def order_workflows(document: WorkflowDocument) -> list[Workflow]:
    """
    Order workflows so that each comes after those that it depends on.

    Raises:
        UsageError: they depend on each other.
    """
    graph = {
        workflow.id: [found.id for name in workflow.after if (found := document.find(name)) is not None]
        for workflow in document.workflows
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise UsageError(f"the workflows {', '.join(map(str, error.args[1]))} depend on each other") from error
    by_id = {workflow.id: workflow for workflow in document.workflows}
    return [by_id[id_] for id_ in order]


def find_operation_pointer(path: str) -> Pointer | None:
    """Read the JSON Pointer of an operationPath: `{$sourceDescriptions.name.url}#/paths/~1pets/get`."""
    _, hash_, fragment = path.partition("#")
    if not hash_:
        return None
    try:
        return parse_pointer(fragment)
    except ValueError:
        return None
