"""
References that lead nowhere, or where reading was not allowed: found at once, since an operation is read only when it is asked for.

The texts of all references are found first, and tried; only where one fails the document is walked for its places. What other
files refer to is seen when they are read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urldefrag, urljoin

from mock_server.errors import DocumentError, ForbiddenReference, UnresolvableReference
from mock_server.finding import Finding
from mock_server.spec.load import Library, Resource
from mock_server.spec.references import DATA_KEYS, Node, References

_REFERENCE: Final = re.compile(
    rb"""["']?\$ref["']?\s*:\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"',{}\[\]][^\n,{}]*))""",
)
_MOST: Final = 200  # that are named


@dataclass(eq=False, repr=False)
class BrokenReferences:
    """Finds the references of one document that can't be followed."""

    library: Library
    references: References

    def find(self, resource: Resource) -> tuple[Finding, ...]:
        """Find them in a file, in the order in which they stand there."""
        root = Node(resource.value, resource)
        if not resource.has_ids and all(self._try(text, root) is None for text in _written(resource.data)):
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
        uri, _ = urldefrag(urljoin(self.references.base_uri(node), ref) if not ref.startswith("#") else node.resource.uri)
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


def _written(data: bytes) -> set[str]:
    """The texts of all references in a file, each once."""
    found = (next(filter(None, match), b"") for match in set(_REFERENCE.findall(data)))
    return {text.decode("utf-8", "replace").replace("\\/", "/").partition(" #")[0].strip() for text in found if text}


def _iter_references(root: Node) -> Iterator[Node]:
    """The nodes that are references, outside of examples."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.reference is not None:
            yield node
        children = [child for key, child in node.members() if key not in DATA_KEYS]
        stack.extend(reversed([*children, *node.items()]))
