"""
An Arazzo document as values.

Source: https://spec.openapis.org/arazzo/v1.0.1.html, https://spec.openapis.org/arazzo/v1.1.0.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mock_server.document.references import Node
from mock_server.findings import Place
from mock_server.json_values import JsonValue


class StepCriterion(NamedTuple):
    """A Criterion Object."""

    condition: str
    type: str  # simple, regex, jsonpath, xpath
    context: str | None


class Selector(NamedTuple):
    """A Selector Object of 1.1."""

    context: str
    selector: str
    type: str  # jsonpath, jsonpointer, xpath


@dataclass(frozen=True, slots=True)
class StepAction:
    """A Success Action or Failure Action Object."""

    name: str
    type: str  # end, goto, retry
    criteria: tuple[StepCriterion, ...] = ()
    step: str | None = None
    workflow: str | None = None
    retry_after: float = 0.0  # seconds
    retry_limit: int = 1


class StepParameter(NamedTuple):
    """A Parameter Object."""

    name: str
    location: str | None  # path, query, header, cookie, querystring; None for an input of a workflow
    value: JsonValue


class StepBody(NamedTuple):
    """A Request Body Object."""

    content_type: str | None
    payload: JsonValue
    replacements: tuple[tuple[str, JsonValue], ...]  # JSON Pointer, value


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowStep:
    """A Step Object."""

    id: str
    target: str  # an operationId, an operationPath or a workflowId
    kind: str  # operationId, operationPath, workflowId, channelPath
    parameters: tuple[StepParameter, ...] = ()
    body: StepBody | None = None
    criteria: tuple[StepCriterion, ...] = ()
    on_success: tuple[StepAction, ...] = ()
    on_failure: tuple[StepAction, ...] = ()
    outputs: Mapping[str, str | Selector] = field(default_factory=dict)
    after: tuple[str, ...] = ()  # steps that have to be done before
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A Workflow Object."""

    id: str
    inputs: Node | None  # their schema
    steps: tuple[WorkflowStep, ...]
    outputs: Mapping[str, str | Selector]
    after: tuple[str, ...]  # workflows that have to be done before
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowDocument:
    """An Arazzo Object."""

    title: str
    version: str
    sources: Mapping[str, str]  # names of OpenAPI descriptions: their URLs
    workflows: tuple[Workflow, ...]

    def find(self, id_: str) -> Workflow | None:
        """Find a workflow by its id, with or without `$sourceDescriptions.name.` before it."""
        name = id_.rpartition(".")[2] if id_.startswith("$sourceDescriptions.") else id_
        return next((workflow for workflow in self.workflows if workflow.id == name), None)
