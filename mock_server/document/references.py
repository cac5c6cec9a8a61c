"""
Following `$ref` between places.

A `Node` is a place: the value and where it was written. References are followed one at a time and when asked,
so circles are harmless and what is not asked for is never read.

Source: RFC 3986 (resolution), RFC 6901 (pointers), JSON Schema 2020-12 core, sections 8.2 and 9.1 ($id, $anchor)

References that lead nowhere, or where reading was not allowed: found at once, since an operation is read only when it
is asked for.

The texts of all references are found first, and tried; only where one fails the document is walked for its places.
What other files refer to is seen when they are read.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urldefrag, urljoin

from mock_server.document.load import Library, LoadedResource
from mock_server.errors import DocumentError, ForbiddenReference, UnresolvableReference
from mock_server.findings import Finding, Place
from mock_server.json_values import JsonValue, Pointer, array_index

# More references in a row than any document needs: a circle of nothing but references.
_MAX_HOPS = 60
# Where `$ref`, `$id` and anchors are data and not words of OpenAPI.
DATA_KEYS = frozenset(("example", "examples", "default", "enum", "const", "value"))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Node:
    """A value with its place in a document."""

    value: JsonValue
    resource: LoadedResource
    pointer: Pointer = ()

    @property
    def key(self) -> tuple[str, Pointer]:
        """The identity of the place."""
        return (self.resource.uri, self.pointer)

    @property
    def place(self) -> Place:
        """The place as findings name it."""
        return Place(self.resource.name, self.pointer)

    @property
    def reference(self) -> str | None:
        """The `$ref` of a Reference Object; None when this is no such object."""
        if isinstance(self.value, dict):
            ref = self.value.get("$ref")
            if isinstance(ref, str):
                return ref
            return None
        return None

    def child(self, token: str) -> "Node":
        """
        Step to a member or item.

        Raises:
            KeyError: there is none.
        """
        if isinstance(self.value, dict):
            return Node(self.value[token], self.resource, (*self.pointer, token))
        index = array_index(token)
        if not isinstance(self.value, list) or index is None or index >= len(self.value):
            raise KeyError(token)
        return Node(self.value[index], self.resource, (*self.pointer, token))

    def members(self) -> Iterator[tuple[str, "Node"]]:
        """Iterate over the members of an object; nothing for other values."""
        if isinstance(self.value, dict):
            for key, value in self.value.items():
                yield key, Node(value, self.resource, (*self.pointer, key))

    def items(self) -> Iterator["Node"]:
        """Iterate over the items of an array; nothing for other values."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield Node(value, self.resource, (*self.pointer, str(index)))


@dataclass(eq=False, repr=False)
class References:
    """Resolves references of one document and of the files it is split into."""

    library: Library
    _ids: dict[str, dict[str, Node]] = field(default_factory=dict)  # by resource: absolute URI -> schema
    _dynamic: dict[str, "_DynamicAnchors"] = field(default_factory=dict)  # by resource

    def resolve(self, ref: str, node: Node) -> Node:
        """
        Find the place that a reference names, seen from the node that holds it.

        Raises:
            UnresolvableReference: it leads nowhere.
            ForbiddenReference: it leads where reading was not allowed.
        """
        base = self.base_uri(node)
        uri, fragment = urldefrag(urljoin(base, ref) if not ref.startswith("#") else base + ref)
        home = self._embedded(uri, node.resource) or self._open(uri, ref, node)
        return self._step_into(home, fragment, ref, node)

    def follow(self, node: Node) -> Node:
        """
        Follow references until a value that is none.

        Raises:
            UnresolvableReference, ForbiddenReference: see `resolve`; also for a circle of nothing but references.
        """
        start = node
        for _ in range(_MAX_HOPS):
            ref = node.reference
            if ref is None:
                return node
            node = self.resolve(ref, node)
        raise UnresolvableReference(start.reference or "", start.place, "it leads in a circle")

    def is_embedded(self, uri: str, node: Node) -> bool:
        """Return True if a schema in a file that was read named itself so, by `$id`; as seen from a node."""
        return self._embedded(uri, node.resource) is not None

    def base_uri(self, node: Node) -> str:
        """
        Return the base that references in a node are resolved against.

        Its file's URI, or the nearest `$id` around it.
        """
        base = node.resource.uri
        if not node.resource.has_ids:
            return base
        value = node.resource.value
        for token in ("", *node.pointer):
            if token:
                value = _step(value, token)
            own = _own_id(value)
            if own:
                base = urljoin(base, own)
        return base

    def dynamic_anchors(self, node: Node) -> Mapping[str, Node]:
        """
        Return the schemas that a `$dynamicRef` may choose once the schema resource of a node is entered.

        Source: JSON Schema 2020-12 core, sections 8.2.2 and 8.2.3.2
        """
        if not node.resource.is_dynamic:
            return {}
        return self._dynamic_anchors(node.resource).single.get(self.base_uri(node), {})

    def dynamic_bindings(self, node: Node) -> Mapping[str, Node]:
        """
        Return the schemas that the `$defs` of a schema bind to anchors that occur more than once in its resource.

        What such an anchor means is undefined; authors mean the binding nearest to the reference through which they
        came.

        Source: JSON Schema 2020-12 core, section 8.2.2
        """
        if node.resource.is_dynamic:
            return self._dynamic_anchors(node.resource).bound.get(node.pointer, {})
        return {}

    def _dynamic_anchors(self, resource: LoadedResource) -> "_DynamicAnchors":
        if resource.uri not in self._dynamic:
            found: dict[tuple[str, str], list[Node]] = {}
            for name, schema in _iter_identified(Node(resource.value, resource), resource.uri):
                base, anchor = urldefrag(name)
                if anchor and isinstance(schema.value, dict) and schema.value.get("$dynamicAnchor") == anchor:
                    found.setdefault((base, anchor), []).append(schema)
            anchors = self._dynamic[resource.uri] = _DynamicAnchors()
            for (base, anchor), schemas in found.items():
                if len(schemas) == 1:
                    anchors.single.setdefault(base, {})[anchor] = schemas[0]
                for schema in schemas if len(schemas) > 1 else ():
                    if schema.pointer[-2:-1] == ("$defs",):
                        holder = schema.pointer[:-2]
                    else:
                        holder = schema.pointer
                    anchors.bound.setdefault(holder, {})[anchor] = schema
        return self._dynamic[resource.uri]

    def _open(self, uri: str, ref: str, node: Node) -> Node:
        if uri == node.resource.uri:
            return Node(node.resource.value, node.resource)
        try:
            resource = self.library.open(uri)
        except PermissionError as error:
            remote = not uri.startswith("file:")
            raise ForbiddenReference(ref, node.place, str(error), remote=remote) from error
        except DocumentError as error:
            raise UnresolvableReference(ref, node.place, str(error)) from error
        return Node(resource.value, resource)

    def _embedded(self, uri: str, resource: LoadedResource) -> Node | None:
        """Find a schema that named itself by `$id` in a file that was read already."""
        for known in (resource, *self.library.loaded()):
            if known.has_ids:
                found = self._index(known).get(uri)
                if found is not None:
                    return found
        return None

    def _index(self, resource: LoadedResource) -> dict[str, Node]:
        if resource.uri not in self._ids:
            self._ids[resource.uri] = dict(_iter_identified(Node(resource.value, resource), resource.uri))
        return self._ids[resource.uri]

    def _step_into(self, home: Node, fragment: str, ref: str, origin: Node) -> Node:
        if fragment in {"", "/"}:
            return home
        if "/" not in fragment:
            return self._anchor(home, unquote(fragment), ref, origin)
        node = home
        for raw in fragment.removeprefix("/").split("/"):
            token = unquote(raw).replace("~1", "/").replace("~0", "~")
            if node.reference is not None and not (isinstance(node.value, dict) and token in node.value):
                node = self.follow(node)
            try:
                node = node.child(token)
            except KeyError:
                reason = f"{node.place} has no {token!r}"
                raise UnresolvableReference(ref, origin.place, reason) from None
        return node

    def _anchor(self, home: Node, name: str, ref: str, origin: Node) -> Node:
        base = self.base_uri(home)
        found = self._index(home.resource).get(f"{base}#{name}")
        if found is None and isinstance(home.value, dict) and name in home.value:
            return home.child(name)  # `#Pet`, where `#/Pet` was meant
        if found is None:
            raise UnresolvableReference(ref, origin.place, f"{home.resource.name} has no anchor {name!r}")
        return found


@dataclass(eq=False, repr=False)
class _DynamicAnchors:
    """The dynamic anchors of a file."""

    single: dict[str, dict[str, Node]] = field(default_factory=dict)  # by base URI and name: those that are there once
    bound: dict[Pointer, dict[str, Node]] = field(
        default_factory=dict
    )  # the others, by the schema in whose `$defs` they are


def _step(value: JsonValue, token: str) -> JsonValue:
    if isinstance(value, dict):
        return value.get(token)
    index = array_index(token)
    if isinstance(value, list) and index is not None and index < len(value):
        return value[index]
    return None


def _own_id(value: JsonValue) -> str | None:
    if not isinstance(value, dict):
        return None
    own = value.get("$self") if "openapi" in value else value.get("$id")
    if isinstance(own, str):
        return own
    return None


def _iter_identified(root: Node, base: str) -> Iterator[tuple[str, Node]]:
    """Walk a file for schemas that name themselves: by `$id`, `$anchor` or `$dynamicAnchor`."""
    stack = [(root, base)]
    while stack:
        node, base = stack.pop()
        if isinstance(node.value, dict):
            own = _own_id(node.value)
            if own:
                base = urldefrag(urljoin(base, own))[0]
                yield base, node
            for word in ("$anchor", "$dynamicAnchor"):
                name = node.value.get(word)
                if isinstance(name, str):
                    yield f"{base}#{name}", node
            stack.extend((child, base) for key, child in node.members() if key not in DATA_KEYS)
        else:
            stack.extend((child, base) for child in node.items())


_REFERENCE: Final = re.compile(
    rb"""["']?\$ref["']?\s*:\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"',{}\[\]][^\n,{}]*))""",
)
_MOST: Final = 200  # that are named
# Members whose own members have names of the author's: one that begins with x- is no extension there.
_MAPS: Final = frozenset(
    ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions", "schemas", "responses",
     "parameters", "requestBodies", "headers", "securitySchemes", "links", "callbacks", "pathItems", "webhooks",
     "content", "encoding", "mediaTypes")
)  # fmt: skip


@dataclass(eq=False, repr=False)
class BrokenReferences:
    """Finds the references of one document that can't be followed."""

    library: Library
    references: References

    def find(self, resource: LoadedResource) -> tuple[Finding, ...]:
        """Find them in a file, in document order."""
        root = Node(resource.value, resource)
        written = set().union(*map(find_written, resource.iter_data()))
        if not resource.has_ids and all(self._try(text, root) is None for text in written):
            return ()
        found: list[Finding] = []
        for node in _iter_references(root):
            finding = self._try(str(node.reference), node)
            if finding is not None:
                found.append(finding)
                if len(found) == _MOST:
                    break
        return tuple(found)

    def _try(self, ref: str, node: Node) -> Finding | None:
        """Follow a reference for one step, without reading other files."""
        uri, _ = urldefrag(
            urljoin(self.references.base_uri(node), ref) if not ref.startswith("#") else node.resource.uri
        )
        known = {resource.uri for resource in self.library.loaded()}
        try:
            if uri in known or ref.startswith("#") or self.references.is_embedded(uri, node):
                self.references.resolve(ref, node)
            else:
                self.library.require(uri)
        except PermissionError as error:
            return ForbiddenReference(ref, node.place, str(error), remote=not uri.startswith("file:")).finding()
        except (UnresolvableReference, ForbiddenReference) as error:
            return error.finding()
        except DocumentError as error:
            return UnresolvableReference(ref, node.place, str(error)).finding()
        return None


def find_written(data: bytes) -> set[str]:
    """Return the texts of all references in a file, each once."""
    found = (next(filter(None, match), b"") for match in set(_REFERENCE.findall(data)))
    return {text.decode("utf-8", "replace").replace("\\/", "/").partition(" #")[0].strip() for text in found if text}


def _iter_references(root: Node) -> Iterator[Node]:
    """Yield the nodes that are references: outside of examples and of extensions, in which `$ref` means nothing."""
    stack = [(root, False)]
    while stack:
        node, is_map = stack.pop()
        if node.reference is not None:
            yield node
        own = [
            (child, not is_map and key in _MAPS)
            for key, child in node.members()
            if is_map or (key not in DATA_KEYS and not key.startswith("x-"))
        ]
        stack.extend(reversed([*own, *((item, False) for item in node.items())]))
