"""
Patches: merge patch, RFC 7396, and JSON Patch, RFC 6902.

Values are never changed in place.
"""

import copy
from collections.abc import Callable

from mock_server.errors import MockServerError
from mock_server.exchange.body import write_json
from mock_server.json_values import JsonObject, JsonValue, Pointer, array_index, find_at, parse_pointer, same_json

_MOST = 1_000  # steps of one patch
_LARGEST = 1_000_000  # bytes of a value that copies have made larger


class PatchError(MockServerError):
    """A patch can't be applied."""

    def __init__(self, reason: str, *, conflict: bool, result: bool = False) -> None:
        super().__init__(reason)
        self.conflict = conflict  # with the item as it is; else the patch itself is wrong
        self.result = result  # it can be applied, but the result breaks the document


def merge(target: JsonValue, patch: JsonValue) -> JsonValue:
    """
    Apply a merge patch.

    Source: RFC 7396, section 2
    """
    if not isinstance(patch, dict):
        return patch
    merged: JsonObject = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def is_json_patch(value: JsonValue) -> bool:
    """Return True if a value looks like a JSON Patch, for bodies of type `application/json`."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(step, dict) and "op" in step and "path" in step for step in value)
    )


def apply(target: JsonValue, patch: JsonValue) -> JsonValue:
    """
    Apply a JSON Patch; all of it or nothing.

    Raises:
        PatchError: a step is malformed, leads nowhere, or a test fails.

    Source: RFC 6902, sections 4 and 5
    """
    if not isinstance(patch, list) or len(patch) > _MOST:
        raise PatchError(f"a JSON Patch is a list of at most {_MOST:,} steps", conflict=False)
    value = copy.deepcopy(target)
    for number, step in enumerate(patch):
        value = _step(value, step, f"step {number + 1} of the patch")
    return value


def _step(value: JsonValue, step: JsonValue, where: str) -> JsonValue:
    if not isinstance(step, dict) or step.get("op") not in _OPERATIONS:
        raise PatchError(f"{where} has no 'op' that RFC 6902 knows", conflict=False)
    return _OPERATIONS[str(step["op"])](value, step, where)


def _pointer(step: JsonObject, name: str, where: str) -> Pointer:
    text = step.get(name)
    if not isinstance(text, str):
        raise PatchError(f"{where} has no {name!r}", conflict=False)
    try:
        if not text.startswith("#"):
            return parse_pointer(text)
        return parse_pointer("?")
    except ValueError as error:
        raise PatchError(f"{where}: {error}", conflict=False) from error


def _value(step: JsonObject, where: str) -> JsonValue:
    if "value" not in step:
        raise PatchError(f"{where} has no 'value'", conflict=False)
    return copy.deepcopy(step["value"])


def _found(value: JsonValue, pointer: Pointer, where: str) -> JsonValue:
    found, part = find_at(value, pointer)
    if not found:
        raise PatchError(f"{where}: there is nothing at /{'/'.join(pointer)}", conflict=True)
    return part


def _add(value: JsonValue, step: JsonObject, where: str) -> JsonValue:
    return _insert(value, _pointer(step, "path", where), _value(step, where), where)


def _insert(value: JsonValue, pointer: Pointer, part: JsonValue, where: str) -> JsonValue:
    if not pointer:
        return part
    holder, last = _found(value, pointer[:-1], where), pointer[-1]
    if isinstance(holder, dict):
        holder[last] = part
        return value
    index = len(holder) if isinstance(holder, list) and last == "-" else array_index(last)
    if not isinstance(holder, list) or index is None or index > len(holder):
        raise PatchError(f"{where}: there is no place at /{'/'.join(pointer)}", conflict=True)
    holder.insert(index, part)
    return value


def _remove(value: JsonValue, step: JsonObject, where: str) -> JsonValue:
    return _drop(value, _pointer(step, "path", where), where)


def _drop(value: JsonValue, pointer: Pointer, where: str) -> JsonValue:
    _found(value, pointer, where)
    if not pointer:
        return None
    holder = _found(value, pointer[:-1], where)
    if isinstance(holder, dict):
        del holder[pointer[-1]]
    elif isinstance(holder, list):
        del holder[int(pointer[-1])]
    return value


def _replace(value: JsonValue, step: JsonObject, where: str) -> JsonValue:
    pointer, part = _pointer(step, "path", where), _value(step, where)
    _found(value, pointer, where)
    if not pointer:
        return part
    holder = _found(value, pointer[:-1], where)
    if isinstance(holder, dict):
        holder[pointer[-1]] = part
    elif isinstance(holder, list):
        holder[int(pointer[-1])] = part
    return value


def _move(value: JsonValue, step: JsonObject, where: str) -> JsonValue:
    source, target = _pointer(step, "from", where), _pointer(step, "path", where)
    part = _found(value, source, where)
    if target[: len(source)] == source and target != source:
        raise PatchError(f"{where}: nothing can be moved into itself", conflict=False)
    return _insert(_drop(value, source, where), target, part, where)


def _copy(value: JsonValue, step: JsonObject, where: str) -> JsonValue:
    part = copy.deepcopy(_found(value, _pointer(step, "from", where), where))
    copied = _insert(value, _pointer(step, "path", where), part, where)
    if len(write_json(copied)) > _LARGEST:  # copies of copies grow exponentially
        raise PatchError(f"{where}: the copy grows beyond {_LARGEST:,} bytes", conflict=False)
    return copied


def _test(value: JsonValue, step: JsonObject, where: str) -> JsonValue:
    if not same_json(_found(value, _pointer(step, "path", where), where), _value(step, where)):
        raise PatchError(f"{where}: the test fails", conflict=True)
    return value


_OPERATIONS: dict[str, Callable[[JsonValue, JsonObject, str], JsonValue]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
