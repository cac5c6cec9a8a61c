"""Keys that the document names itself, in the examples of path parameters: who follows the document finds those things there."""

from collections.abc import Iterable, Iterator

from mock_server.serve.state.resource import Deed, Resource
from mock_server.spec.model import Example, Location, Operation
from mock_server.typing import JsonValue


def documented_keys(resource: Resource, resources: Iterable[Resource]) -> Iterator[JsonValue]:
    """
    The keys of things of a resource that are examples of the document.

    Args:
        resource: Whose.
        resources: All of them: what belongs to a thing names it, too.
    """
    for other in resources:
        for deed in other.deeds.values():
            names = _variables(resource, other, deed)
            for parameter in deed.operation.parameters:
                if parameter.location is Location.PATH and parameter.name in names:
                    for example in parameter.examples:
                        if isinstance(example.value, str | int) and not _is_of_a_failure(deed.operation, example):
                            yield example.value


def _variables(resource: Resource, other: Resource, deed: Deed) -> frozenset[str]:
    """The path variables of an operation that name things of a resource."""
    owners = {owner.variable for owner in other.owners if owner.resource == resource.name}
    own = {deed.variable} if other is resource and deed.variable is not None else set()
    return frozenset(owners | own)


def _is_of_a_failure(operation: Operation, example: Example) -> bool:
    """Whether an example is paired with one of a response that is no success: what it names is not there."""
    paired = [response.status for response in operation.responses for media in response.content if _has(media.examples, example.key)]
    return bool(paired) and example.key is not None and not any(status.startswith("2") for status in paired)


def _has(examples: Iterable[Example], key: str | None) -> bool:
    return any(example.key == key for example in examples)
