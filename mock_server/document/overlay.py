"""
Overlays: changes to a document, in files of their own. Overlay Specification 1.1.0 (and 1.0.0, read in the same way).

    overlay: 1.1.0
    info: {title: Sandbox, version: 1.0.0}
    actions:
      - target: $.paths['/pets'].get
        update: {x-internal: true}

An overlay is applied to a document as it is loaded, so that everything else sees the result. What was read is never
changed: containers on the way to a change are copied, once. Which file each part of the result came from is kept, see
`origin`. An action that can't be applied is a finding, and passed over; the others are applied.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urldefrag, urljoin

from mock_server.document.load import LoadedResource, json_duplicates, read_resource
from mock_server.document.origin import Origin
from mock_server.errors import MalformedResource
from mock_server.findings import Finding, Place
from mock_server.json_values import JsonObject, JsonValue, Pointer, as_list, find_at, format_pointer
from mock_server.jsonpath import PathEngine, PathError, Selected

_VERSIONS: Final = ("1.0", "1.1")
_MOST_ACTIONS: Final = 10_000
_MOST_VALUES: Final = 2_000_000  # that overlays bring to one document; copies of copies would have no end
_FIELDS: Final[dict[str, type]] = {"overlay": str, "info": dict, "extends": str, "actions": list}
_ACTION_FIELDS: Final[dict[str, type]] = {
    "target": str,
    "description": str,
    "update": object,
    "copy": str,
    "remove": bool,
}


class ActionError(ValueError):
    """An action can't be applied; the message says why."""


class OverlayAction(NamedTuple):
    """One action of an overlay."""

    number: int  # from 0
    target: str  # a JSONPath
    update: JsonValue = None
    has_update: bool = False
    copy: str | None = None  # a JSONPath
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay, read."""

    resource: LoadedResource
    actions: tuple[OverlayAction, ...]
    extends: str | None  # an absolute URI
    findings: tuple[Finding, ...]

    def place(self, *tokens: str | int) -> Place:
        """Return a place in its file."""
        return Place(self.resource.name, tuple(map(str, tokens)))


def read_overlay(path: Path, max_bytes: int) -> Overlay:
    """
    Read an overlay.

    Raises:
        UnreadableResource: it can't be read.
        MalformedResource: it is neither YAML nor JSON, no overlay, or one of an unknown version.
    """
    resource = read_resource(path, max_bytes=max_bytes)
    value = resource.value
    if not isinstance(value, dict) or "overlay" not in value:
        advice = "An overlay begins with: overlay: 1.1.0"
        if isinstance(value, dict) and ("openapi" in value or "swagger" in value):
            advice = "It is an OpenAPI document: name it without --overlay."
        raise MalformedResource(resource.name, "is no overlay", advice)
    version = str(value["overlay"])
    if ".".join(version.split(".")[:2]) not in _VERSIONS:
        raise MalformedResource(
            resource.name, f"is an overlay of version {version!r}", "Versions 1.0 and 1.1 are known."
        )
    findings = [*resource.findings, *json_duplicates(resource), *_check_fields(resource.name, value, _FIELDS)]
    missing = [name for name in ("info", "actions") if name not in value]
    findings += [_invalid(Place(resource.name), f"{name!r} is missing") for name in missing]
    actions = tuple(_read_actions(resource.name, value.get("actions"), findings))
    extends = value.get("extends")
    uri = urldefrag(urljoin(resource.uri, extends))[0] if isinstance(extends, str) and extends else None
    return Overlay(resource, actions, uri, tuple(findings))


def _invalid(place: Place, message: str) -> Finding:
    return Finding(rule="overlay-invalid", message=message, place=place)


def _check_fields(name: str, value: JsonObject, known: dict[str, type], at: Pointer = ()) -> Iterator[Finding]:
    """Yield what is wrong with the names and types of the members of an object."""
    for key, member in value.items():
        if key not in known and not key.startswith("x-"):
            yield _invalid(Place(name, (*at, key)), f"an overlay has no {key!r} here")
        elif key in known and not isinstance(member, known[key]):
            yield _invalid(Place(name, (*at, key)), f"{key!r} has to be {_NOUNS[known[key]]}")


_NOUNS: Final = {str: "a text", dict: "an object", list: "an array", bool: "true or false", object: "a value"}


def _read_actions(name: str, value: JsonValue, findings: list[Finding]) -> Iterator[OverlayAction]:
    """Yield the actions that can be read, and note the others."""
    listed = as_list(value)
    if isinstance(value, list) and not 0 < len(value) <= _MOST_ACTIONS:
        findings.append(_invalid(Place(name, ("actions",)), f"there are 1 to {_MOST_ACTIONS:,} actions"))
    for index, item in enumerate(listed[:_MOST_ACTIONS]):
        at = ("actions", str(index))
        if not isinstance(item, dict):
            findings.append(_invalid(Place(name, at), "an action is an object"))
            continue
        wrong = list(_check_fields(name, item, _ACTION_FIELDS, at))
        target, copied, removed = item.get("target"), item.get("copy"), item.get("remove", False)
        if "target" not in item:
            wrong.append(_invalid(Place(name, at), "'target' is missing"))
        if not {"update", "copy", "remove"} & item.keys():
            wrong.append(_invalid(Place(name, at), "an action has 'update', 'copy' or 'remove'"))
        findings += wrong
        is_read = isinstance(target, str) and isinstance(copied, str | None) and isinstance(removed, bool)
        if is_read and {"update", "copy", "remove"} & item.keys():
            yield OverlayAction(index, target, item.get("update"), "update" in item, copied, removed)  # type: ignore[arg-type]  # checked in the line above


def apply_overlays(resource: LoadedResource, overlays: Sequence[Overlay]) -> LoadedResource:
    """
    Apply overlays to a document, or to a file of one, in their order.

    Returns:
        The document with the findings of its overlays, and with what it takes to find the lines of its parts.
    """
    editor = _OverlayEditor(resource.value, Origin(Place(resource.name)))
    engine = PathEngine()
    findings = list(resource.findings)
    for overlay in overlays:
        findings += overlay.findings
        for action in overlay.actions:
            findings += _apply(editor, engine, overlay, action)
    return replace(
        resource,
        value=editor.value,
        findings=tuple(findings),
        origin=editor.origin,
        overlays=tuple(overlay.resource for overlay in overlays),
    )


def _apply(editor: "_OverlayEditor", engine: PathEngine, overlay: Overlay, action: OverlayAction) -> Iterator[Finding]:
    """Apply an action; yield why it changes nothing."""
    try:
        selected = engine.select(action.target, editor.value)
        if not selected:
            message = f"{action.target} matches nothing{_advise_reference(editor.value, engine, action.target)}"
            place = overlay.place("actions", action.number, "target")
            yield Finding(rule="overlay-action-unmatched", message=message, place=place)
        elif action.remove:
            editor.remove([each.pointer for each in selected])
        elif action.has_update:
            origin = Origin(overlay.place("actions", action.number, "update"))
            editor.merge(selected, action.update, origin)
        elif action.copy is not None:
            origin = Origin(overlay.place("actions", action.number, "copy"), is_whole=True)
            source = _find_source(engine.select(action.copy, editor.value), action.copy)
            editor.freeze()
            editor.merge(selected, source.value, origin)
    except (ActionError, PathError) as error:
        message = f"{action.target}: {error}"
        yield Finding(rule="overlay-action-failed", message=message, place=overlay.place("actions", action.number))


def _find_source(found: Sequence[Selected], path: str) -> Selected:
    """Return the node that is copied."""
    if len(found) != 1:
        raise ActionError(f"{path} matches {len(found)} places, and one is copied")
    return found[0]


def _advise_reference(value: JsonValue, engine: PathEngine, target: str) -> str:
    """Say which reference on the way hides what a path looks for: a JSONPath follows none."""
    if ".." in target:
        return ""
    for end in range(len(target) - 1, 0, -1):
        if target[end] in ".[" and target[end - 1] != ".":
            try:
                found = engine.select(target[:end], value)
            except PathError:
                continue
            for each in found:
                if isinstance(each.value, dict) and isinstance(each.value.get("$ref"), str):
                    return f"; {target[:end]} is a $ref to {each.value['$ref']}, which a JSONPath does not follow"
            if found:
                return ""
    return ""


@dataclass(eq=False, repr=False)
class _OverlayEditor:
    """A value that is changed without changing what was read."""

    value: JsonValue
    origin: Origin
    _own: dict[int, JsonValue] = field(default_factory=dict)  # containers that may be changed, by identity
    _brought: int = 0

    def freeze(self) -> None:
        """Copy everything before its next change: a part of it gets a second place."""
        self._own.clear()

    def merge(self, selected: Sequence[Selected], update: JsonValue, origin: Origin) -> None:
        """
        Merge a value into nodes. Overlay 1.1.0, section "Action Object".

        Raises:
            ActionError: the nodes differ in kind, the value does not fit one of them, or it would be too much.
        """
        kinds = {_kind(each.value) for each in selected}
        if len(kinds) > 1:
            raise ActionError(f"it selects {' and '.join(sorted(kinds))}, and an action changes one of these")
        for each in selected:
            _check_fit(each.value, update, each.pointer)
        self._bring(update, len(selected))
        for each in selected:
            self._merge_at(each.pointer, update, origin)

    def _bring(self, value: JsonValue, times: int) -> None:
        """Count the values that come; once they are too many, nothing more may come."""
        left = _MOST_VALUES - self._brought
        self._brought += times * _count_values(value, left // times)
        if self._brought > _MOST_VALUES:
            raise ActionError(f"overlays bring more than {_MOST_VALUES:,} values")

    def _merge_at(self, pointer: Pointer, update: JsonValue, origin: Origin) -> None:
        container, holder = self._reach(pointer)
        if isinstance(container, list):
            _append(container, update, holder, origin)
        elif isinstance(container, dict) and isinstance(update, dict):
            self._merge_objects(container, update, holder, origin)
        elif pointer:
            parent, above = self._reach(pointer[:-1])
            _put(parent, pointer[-1], update)
            above.put(pointer[-1], origin, parent)
        else:
            self.value, self.origin = update, origin.fresh()

    def _merge_objects(self, target: JsonObject, update: JsonObject, holder: Origin, origin: Origin) -> None:
        stack = [(target, update, holder, origin)]
        while stack:
            into, given, at, source = stack.pop()
            for key, value in given.items():
                old = into.get(key)
                if isinstance(old, dict) and isinstance(value, dict):
                    child = self._own_child(into, key, old)
                    assert isinstance(child, dict)  # noqa: S101 - a copy of one
                    stack.append((child, value, at.keep(key, into), source.child(key)))
                elif isinstance(old, list) and isinstance(value, list):
                    child = self._own_child(into, key, old)
                    _append(child, value, at.keep(key, into), source.child(key))
                else:
                    into[key] = value
                    at.put(key, source.child(key), into)

    def remove(self, pointers: Sequence[Pointer]) -> None:
        """
        Remove nodes from the containers that they are in.

        Raises:
            ActionError: one of them is the whole document.
        """
        if () in pointers:
            raise ActionError("the whole document can't be removed")
        by_parent: dict[Pointer, list[str]] = {}
        for pointer in pointers:
            by_parent.setdefault(pointer[:-1], []).append(pointer[-1])
        for parent in sorted(by_parent, key=len, reverse=True):  # what is inside of others goes first
            container, holder = self._reach(parent)
            holder.drop(by_parent[parent], container)
            if isinstance(container, dict):
                for key in by_parent[parent]:
                    del container[key]
            elif isinstance(container, list):
                gone = set(map(int, by_parent[parent]))
                container[:] = [item for index, item in enumerate(container) if index not in gone]

    def _reach(self, pointer: Pointer) -> tuple[JsonValue, Origin]:
        """Return the value at a pointer, which may be changed from now on, and its origin."""
        if id(self.value) not in self._own:
            self.value = self._copy(self.value)
        value, origin = self.value, self.origin
        for token in pointer:
            origin = origin.keep(token, value)
            value = self._own_child(value, token, find_at(value, (token,))[1])
        return value, origin

    def _own_child(self, parent: JsonValue, token: str, child: JsonValue) -> JsonValue:
        if isinstance(child, dict | list) and id(child) not in self._own:
            child = self._copy(child)
            _put(parent, token, child)
        return child

    def _copy(self, value: JsonValue) -> JsonValue:
        if isinstance(value, dict | list):
            copied: JsonValue = value.copy()
            self._own[id(copied)] = copied
            return copied
        return value


def _put(container: JsonValue, token: str, value: JsonValue) -> None:
    if isinstance(container, dict):
        container[token] = value
    elif isinstance(container, list):
        container[int(token)] = value


def _append(container: JsonValue, value: JsonValue, holder: Origin, origin: Origin) -> None:
    """Concatenate an array with an array, or append another value to it."""
    assert isinstance(container, list)  # noqa: S101 - its callers know it
    if isinstance(value, list):
        added = [origin.child(str(index)) for index in range(len(value))]
        holder.extend(added, container)
        container += value
    else:
        holder.extend([origin], container)
        container.append(value)


def _kind(value: JsonValue) -> str:
    if isinstance(value, dict):
        return "objects"
    if isinstance(value, list):
        return "arrays"
    return "primitive values"


def _check_fit(target: JsonValue, update: JsonValue, pointer: Pointer) -> None:
    """Refuse a value that does not merge into a node, before anything is changed."""
    if isinstance(target, list):
        return
    stack: list[tuple[JsonValue, JsonValue, Pointer]] = [(target, update, pointer)]
    while stack:
        into, given, at = stack.pop()
        if _kind(into) != _kind(given):
            raise ActionError(f"{_kind(given)} do not merge into {_kind(into)}, at {format_pointer(at) or 'the root'}")
        if isinstance(into, dict) and isinstance(given, dict):
            stack += [(into[key], value, (*at, key)) for key, value in given.items() if key in into]


def _count_values(value: JsonValue, most: int) -> int:
    """Count the values within a value, up to a number."""
    count, stack = 1, [value]
    while stack and count <= most:
        part = stack.pop()
        if isinstance(part, dict | list):
            count += len(part)
            stack += part.values() if isinstance(part, dict) else part
    return count
