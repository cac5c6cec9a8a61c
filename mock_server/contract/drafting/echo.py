"""
A body made of what other operations accepted and showed.

`POST /roles/revoke` takes the key that `POST /roles/grant` was sent, and `POST /kernels` a name that some answer used.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.drafting.plausible import iter_leaves
from mock_server.document.model import Missing
from mock_server.generate.edges.steps import apply_step
from mock_server.generate.request import RequestDraft
from mock_server.json_values import JsonValue
from mock_server.names import joined
from mock_server.schema.dialect import Direction, Purpose

_MOST = 20  # values of one name
_NEAR = 3  # operations whose bodies are echoed


def echo(
    subject: OperationUnderTest,
    draft: RequestDraft,
    accepted: Mapping[str, RequestDraft],
    said: Callable[[str], Iterable[JsonValue]],
    turn: int = 0,
) -> RequestDraft | None:
    """
    Return a draft with what others were sent or said under the same names.

    Args:
        subject: The operation.
        draft: A good request of it.
        accepted: Requests that were accepted, by operationId.
        said: Gives what answers said of a property.
        turn: Another one takes other values, where there are several.

    Returns:
        The draft; None where nothing of its body changes.
    """
    schema = draft.media.schema if draft.media is not None else None
    reading = subject.api.reading(schema) if schema is not None else None
    if schema is None or reading is None or isinstance(draft.body, Missing):
        return None
    bodies = list(_near(subject, accepted))
    body = draft.body
    taken: set[str] = set()
    for name, value in _members(bodies, draft.body):
        changed = apply_step(body, (name,), value)
        if name not in taken and reading.make.is_valid(changed):
            body = changed
            taken.add(name)
    site = subject.api.kit.outline(schema, Direction.REQUEST, Purpose.MAKE)
    for pointer, leaf in list(iter_leaves(body, site)):
        if pointer[:1] and pointer[0] in taken:
            continue
        values = [*_leaves(bodies, leaf.name), *said(leaf.name)]
        likely = list(dict.fromkeys(value for value in values if type(value) is type(leaf.value)))[:_MOST]
        for value in (*likely[turn:], *likely[:turn]):
            changed = apply_step(body, pointer, value)
            if reading.make.is_valid(changed):
                body = changed
                break
    return draft.with_body(body) if body != draft.body else None


def _near(subject: OperationUnderTest, accepted: Mapping[str, RequestDraft]) -> Iterator[JsonValue]:
    """Yield the bodies of accepted requests whose paths are the most like the operation's."""
    own = subject.entry.template.split("/")
    ranked = sorted(
        (draft for id_, draft in accepted.items() if id_ != subject.entry.id),
        key=lambda draft: -_shared(own, draft.operation.entry.template.split("/")),
    )
    for draft in ranked[:_NEAR]:
        if _shared(own, draft.operation.entry.template.split("/")) > 1 and not isinstance(draft.body, Missing):
            yield draft.body


def _shared(one: list[str], other: list[str]) -> int:
    """Return how many segments two paths share from their start."""
    return next(
        (size for size, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _members(bodies: Iterable[JsonValue], own: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Yield the members of other bodies that an own one has, too, under its own names."""
    names = {joined(name): name for name in own} if isinstance(own, dict) else {}
    for body in bodies:
        for name, value in body.items() if isinstance(body, dict) else ():
            if joined(name) in names:
                yield names[joined(name)], value


def _leaves(bodies: Iterable[JsonValue], name: str, depth: int = 4) -> Iterator[JsonValue]:
    """Yield what stands under a name anywhere in other bodies."""
    for body in bodies:
        if isinstance(body, dict) and depth:
            for key, value in body.items():
                if joined(key) == joined(name) and not isinstance(value, dict | list):
                    yield value
                yield from _leaves([value], name, depth - 1)
