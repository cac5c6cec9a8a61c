"""
Examples in pairs: one of a response answers only requests that carry the one under the same key of the request.

Microcks' rule; see `exchange.negotiate.paired_keys`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mock_server.contract.request import Understood
from mock_server.exchange.body import write_json
from mock_server.exchange.negotiate import paired_keys
from mock_server.spec.model import Location, Missing, Operation, Response
from mock_server.typing import JsonValue

_SHOWN = 200  # characters of a value


@dataclass(frozen=True, slots=True)
class OtherHalf:
    """What a request has to carry for one example: each parameter's value, and one of the bodies."""

    parameters: Mapping[tuple[Location, str], JsonValue] = field(default_factory=dict)
    bodies: tuple[JsonValue, ...] = ()

    def lacking(self, understood: Understood) -> tuple[str, ...]:
        """What of it a request does not carry, in words; nothing where it carries all."""
        missing = [
            f"{location.value} {name} = {_shown(value)}"
            for (location, name), value in self.parameters.items()
            if (location, name) not in understood.parameters or understood.parameters[location, name] != value
        ]
        if self.bodies and (isinstance(understood.body, Missing) or understood.body not in self.bodies):
            missing.append(f"body = {' or '.join(map(_shown, self.bodies))}")
        return tuple(missing)

    def is_carried(self, understood: Understood) -> bool:
        """Whether a request carries all of it."""
        if self.bodies and (isinstance(understood.body, Missing) or understood.body not in self.bodies):
            return False
        return all(key in understood.parameters and understood.parameters[key] == value for key, value in self.parameters.items())


def find_pairs(operation: Operation, response: Response) -> dict[str, OtherHalf]:
    """The other halves of a response's examples, by key; unpaired ones have none."""
    shown = {example.key for media in response.content for example in media.examples}
    keys = [key for key in paired_keys(operation) if key in shown]
    parameters: dict[str, dict[tuple[Location, str], JsonValue]] = {key: {} for key in keys}
    bodies: dict[str, list[JsonValue]] = {key: [] for key in keys}
    for parameter in operation.parameters:
        for example in parameter.examples:
            if example.key in parameters and not isinstance(example.value, Missing):
                parameters[example.key][parameter.location, parameter.name] = example.value
    body = operation.request_body
    for example in [e for media in body.content for e in media.examples] if body is not None else []:
        if example.key in bodies and not isinstance(example.value, Missing):
            bodies[example.key].append(example.value)
    return {key: OtherHalf(parameters[key], tuple(bodies[key])) for key in keys}


def _shown(value: JsonValue) -> str:
    text = write_json(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
