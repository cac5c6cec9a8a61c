"""Writing what the stateful phase did as an Arazzo document: one workflow for the life of each thing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from mock_server.contract.knowledge.memory import path_values
from mock_server.contract.knowledge.observed import json_of
from mock_server.contract.model import Exchanged, Intent
from mock_server.document.document import Document
from mock_server.document.model import Missing, ParameterLocation
from mock_server.document.yaml import encode_yaml
from mock_server.exchange.message import find_field
from mock_server.exchange.secrets.mask import Mask
from mock_server.json_values import JsonObject, JsonValue, format_pointer

_PHASE: Final = "stateful"
_MOST: Final = 200  # workflows


@dataclass(eq=False, repr=False)
class _Life:
    """The life of one thing."""

    created: Exchanged
    value: JsonValue  # its id
    output: str  # the expression that gives the id
    exchanges: list[Exchanged] = field(default_factory=list)


def write_workflows(exchanges: Iterable[Exchanged], document: Document, url: str, mask: Mask) -> bytes:
    """
    Write a document, as YAML.

    Args:
        exchanges: Of a run, in their order.
        document: Of the API.
        url: Of it, as it is named in the settings.
        mask: Takes secrets out of bodies.
    """
    lives: list[_Life] = []
    for exchanged in sorted(exchanges, key=lambda each: each.moment):
        if exchanged.probe.phase != _PHASE or exchanged.probe.intent is not Intent.CONFORMING:
            continue
        values = {str(value) for value in path_values(exchanged).values()}
        life = next((life for life in reversed(lives) if str(life.value) in values), None)
        if life is not None:
            life.exchanges.append(exchanged)
        elif exchanged.probe.request.method == "POST" and exchanged.accepted:
            found = _find_id(exchanged)
            if found is not None:
                lives.append(_Life(exchanged, *found))
    shown = [life for life in lives if life.exchanges][:_MOST]
    return encode_yaml(
        {
            "arazzo": "1.0.1",
            "info": {"title": f"Lives of {document.title}", "version": document.api_version or "1"},
            "sourceDescriptions": [{"name": "api", "url": url, "type": "openapi"}],
            "workflows": [_workflow(life, number, document, mask) for number, life in enumerate(shown, 1)],
        }
    ).encode()


def _find_id(created: Exchanged) -> tuple[JsonValue, str] | None:
    """Find the id that an answer gives: a member called so, else the end of Location."""
    response = created.received.response
    body = json_of(response) if response is not None else None
    if isinstance(body, dict):
        for name, value in body.items():
            if isinstance(value, str | int) and not isinstance(value, bool) and _is_id(name):
                return value, f"$response.body#{format_pointer((name,))}"
    return None


def _is_id(name: str) -> bool:
    return name.lower() in {"id", "_id", "uuid", "key"} or name.endswith(("Id", "_id"))


def _workflow(life: _Life, number: int, document: Document, mask: Mask) -> JsonObject:
    steps: list[JsonValue] = [_step(life.created, "create", life, mask)]
    for index, exchanged in enumerate(life.exchanges, 2):
        verb = exchanged.probe.request.method.lower()
        steps.append(_step(exchanged, f"{verb}-{index}", life, mask))
    entry = document.find_entry(life.created.probe.operation)
    return {
        "workflowId": f"life-{number}",
        "summary": f"The life of what {entry.title if entry is not None else life.created.probe.operation} creates",
        "steps": steps,
    }


def _step(exchanged: Exchanged, id_: str, life: _Life, mask: Mask) -> JsonObject:
    draft = exchanged.probe.draft
    step: JsonObject = {"stepId": id_, "operationId": exchanged.probe.operation}
    parameters: list[JsonValue] = []
    for (location, name), value in draft.parameters.items() if draft is not None else ():
        is_own = location is ParameterLocation.PATH and str(value) == str(life.value) and exchanged is not life.created
        shown: JsonValue = "$steps.create.outputs.id" if is_own else _literal(mask.value({name: value}), name)
        parameters.append({"name": name, "in": location.value, "value": shown})
    if parameters:
        step["parameters"] = parameters
    if draft is not None and not isinstance(draft.body, Missing):
        body: JsonObject = {"payload": mask.value(draft.body)}
        written = find_field(exchanged.probe.request.fields, b"content-type")
        step["requestBody"] = {**({"contentType": written} if written is not None else {}), **body}
    step["successCriteria"] = [{"condition": f"$statusCode == {exchanged.status}"}]
    if exchanged is life.created:
        step["outputs"] = {"id": life.output}
    return step


def _literal(masked: JsonValue, name: str) -> JsonValue:
    return masked.get(name) if isinstance(masked, dict) else None
