"""
The schemas of JSON Schema itself, which documents refer to and nobody should have to download.

Source: https://json-schema.org/specification-links; the files come with the package jsonschema-specifications.
"""

import orjson
from jsonschema_specifications import REGISTRY


def find_metaschema(uri: str) -> bytes | None:
    """The JSON text of a metaschema or of one of its vocabularies, by its URI without fragment; None for any other URI."""
    found = REGISTRY.get(uri)
    return orjson.dumps(found.contents) if found is not None else None
