"""
What openapi-spec-validator says of a document: its structure, by the specification's own schema, and its rules.

The only module that imports openapi-spec-validator. References are resolved by our own library, so that linting reads
nothing that was not allowed.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from openapi_spec_validator import (
    OpenAPIV2SpecValidator,
    OpenAPIV30SpecValidator,
    OpenAPIV31SpecValidator,
    OpenAPIV32SpecValidator,
)
from referencing.exceptions import Unresolvable

from mock_server.errors import DocumentError
from mock_server.finding import Finding, Place
from mock_server.spec.document import Document
from mock_server.spec.model import Version
from mock_server.typing import JsonValue

_VALIDATORS: dict[Version, Any] = {
    Version.V2: OpenAPIV2SpecValidator,
    Version.V30: OpenAPIV30SpecValidator,
    Version.V31: OpenAPIV31SpecValidator,
    Version.V32: OpenAPIV32SpecValidator,
}
# More findings than this about one document help nobody.
_MOST = 200


def lint(document: Document) -> tuple[Finding, ...]:
    """Find where a document breaks the OpenAPI specification."""
    found: dict[tuple[Place, str], Finding] = {}
    for finding in islice(_iter_findings(document), _MOST):
        if finding.place is not None:
            found.setdefault((finding.place, finding.message), finding)
    return tuple(found.values())


def _iter_findings(document: Document) -> Iterator[Finding]:
    def read(uri: str) -> JsonValue:
        try:
            return document.library.open(uri).value
        except (DocumentError, PermissionError) as error:
            raise LookupError(str(error)) from error

    base: Any = _VALIDATORS[document.version]
    ours = type("_Validator", (base,), {"resolver_handlers": dict.fromkeys(("", "file", "http", "https"), read)})
    validator = ours(document.resource.value, base_uri=document.resource.uri)
    name = document.resource.name
    try:
        for error in validator.iter_errors():
            if str(error.message).endswith("is not a 'regex'"):
                continue  # by Python's rules; by ECMA-262's it is judged where schemas are translated
            pointer = tuple(map(str, error.absolute_path))
            yield Finding(rule="document-invalid", message=_sentence(error), place=Place(name, pointer))
    except Unresolvable as error:
        # said more exactly by who follows the reference; the validator goes no further
        message = f"openapi-spec-validator stopped at a reference that leads nowhere: {error.ref}"
        yield Finding(rule="document-lint-incomplete", message=message, place=Place(name))
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        message = f"openapi-spec-validator could not read on: {type(error).__name__}"
        yield Finding(rule="document-lint-incomplete", message=message, place=Place(name))


def _sentence(error: Any) -> str:  # noqa: ANN401 - a ValidationError of either of two libraries
    text = str(error.message).strip().split("\n", 1)[0]
    return text if len(text) <= 300 else f"{text[:150]} … {text[-120:]}"  # noqa: PLR2004 - a line or two
