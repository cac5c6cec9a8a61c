"""
Reading parts of a document tolerantly.

Real documents are sloppy. What has the wrong shape is noted as a finding and passed over; what a broken reference
names is noted and missing. Whether the missing part matters is decided where it is needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mock_server.document.references import Node, References
from mock_server.errors import ForbiddenReference, UnresolvableReference
from mock_server.findings import Finding
from mock_server.json_values import JsonObject, JsonValue

_SENT = frozenset(("content", "headers"))  # maps whose names are sent in header fields


@dataclass(eq=False, repr=False)
class Reader:
    """Reads nodes through their references, collecting findings."""

    references: References
    findings: list[Finding] = field(default_factory=list)

    def follow(self, node: Node) -> Node | None:
        """Follow references; return None, with a finding, where they lead nowhere."""
        try:
            return self.references.follow(node)
        except (UnresolvableReference, ForbiddenReference) as error:
            self.findings.append(error.finding())
            return None

    def object(self, node: Node | None, what: str) -> Node | None:
        """Follow references to an object; return None, with a finding, for anything else."""
        target = self.follow(node) if node is not None else None
        if target is None:
            return None
        if not isinstance(target.value, dict):
            self.malformed(target, f"{what} is {_kind(target.value)}, not an object")
            return None
        return target

    def member(self, node: Node, key: str, what: str) -> Node | None:
        """Follow references to an optional object under a key."""
        value = mapping(node).get(key)
        if value is not None:
            return self.object(node.child(key), what)
        return None

    def objects(self, node: Node, key: str, what: str) -> Iterator[tuple[str, Node]]:
        """
        Iterate over the objects of an optional map under a key.

        `x-` is an extension in the Responses Object only; elsewhere it begins a name like any other: `x-request-id`.
        """
        container = self.member(node, key, what)
        if container is None:
            return
        for name, child in container.members():
            if key in _SENT and not name.isprintable():
                self.malformed(child, f"{what} {name!r} has characters that a header field can't have")
                continue
            extension = name.startswith("x-") and (key == "responses" or not isinstance(child.value, dict))
            target = None if extension else self.object(child, f"{what} {name!r}")
            if target is not None:
                yield name, target

    def listed(self, node: Node, key: str, what: str) -> Iterator[Node]:
        """Iterate over the objects of an optional list under a key."""
        value = mapping(node).get(key)
        if value is None:
            return
        container = self.follow(node.child(key))
        if container is None:
            return
        if not isinstance(container.value, list):
            self.malformed(container, f"{what} is {_kind(container.value)}, not a list")
            return
        for item in container.items():
            target = self.object(item, what)
            if target is not None:
                yield target

    def malformed(self, node: Node, message: str) -> None:
        """Note that something has another shape than OpenAPI gives it."""
        self.note("document-object-malformed", node, message)

    def note(self, rule: str, node: Node, message: str) -> None:
        """Note a finding at a node."""
        self.findings.append(Finding(rule=rule, message=message, place=node.place))


def mapping(node: Node) -> JsonObject:
    """Read an object; another value is empty."""
    if isinstance(node.value, dict):
        return node.value
    return {}


def text(node: Node, key: str, default: str = "") -> str:
    """Read a string member."""
    value = mapping(node).get(key)
    if isinstance(value, str):
        return value
    return default


def flag(node: Node, key: str) -> bool | None:
    """Read a boolean member, or None."""
    value = mapping(node).get(key)
    if isinstance(value, bool):
        return value
    return None


def texts(node: Node, key: str) -> tuple[str, ...]:
    """Read a list of strings, passing over other items."""
    value = mapping(node).get(key)
    if isinstance(value, list):
        return tuple(item for item in value if isinstance(item, str))
    return ()


def _kind(value: JsonValue) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return names[type(value)]
