"""
The metaschemas of JSON Schema, which documents refer to, without a download.

Source: https://json-schema.org/specification-links; the files come with the package jsonschema-specifications.
"""

from typing import TYPE_CHECKING

import orjson

from mock_server.lazy import LazyModule

if TYPE_CHECKING:
    import jsonschema_specifications
else:
    jsonschema_specifications = LazyModule("jsonschema_specifications")


def find_metaschema(uri: str) -> bytes | None:
    """
    Return the JSON text of a metaschema or of one of its vocabularies, by its URI without fragment.

    None for any other URI.
    """
    found = jsonschema_specifications.REGISTRY.get(uri)
    if found is not None:
        return orjson.dumps(found.contents)
    return None
