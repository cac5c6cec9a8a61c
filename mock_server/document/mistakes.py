"""
Files that are no OpenAPI documents: the usual mistakes, each with advice.

The first thing that somebody new to this program sees of it may be one of these sentences.
"""

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NamedTuple

from mock_server.json_values import JsonValue

SUFFIXES: Final = (".yaml", ".yml", ".json")
SUPPORTED: Final = "Supported are swagger 2.0 and openapi 3.0, 3.1, 3.2."
_MOST_NAMED: Final = 5  # files
_MOST_LOOKED_AT: Final = 2_000  # files of one folder
_CONVERT: Final = "Convert it to OpenAPI, and name the result."
_NAMED: Final = "Name the OpenAPI document that it belongs to."


class Mistake(NamedTuple):
    """A kind of file, and advice."""

    reason: str  # follows the name of the file
    advice: str


_TEXTS: Final = (
    (re.compile(r"\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE), Mistake(
        "is a web page (HTML)",
        "Name the document itself; a page that shows one often links to it, as /openapi.json or /v3/api-docs.")),
    (re.compile(r"\s*<"), Mistake("is XML", "An OpenAPI document is YAML or JSON.")),
    (re.compile(r"#%RAML"), Mistake("is a RAML document", _CONVERT)),
    (re.compile(
        r"\s*(#[^\n]*\s+|\"\"\".*?\"\"\"\s*)*(type|schema|extend type|interface|scalar|directive)\s+[@\w{]", re.DOTALL
    ), Mistake(
        "is a GraphQL schema", "GraphQL is another kind of API; only OpenAPI documents can be used.")),
    (re.compile(r"\s*syntax\s*=\s*\"proto"), Mistake(
        "is a Protocol Buffers file", "gRPC is another kind of API; only OpenAPI documents can be used.")),
)  # fmt: skip
_KEYS: Final = (
    (
        ("asyncapi",),
        Mistake(
            "is an AsyncAPI document", "It describes messages, not HTTP requests; only OpenAPI documents can be used."
        ),
    ),
    (
        ("swaggerVersion",),
        Mistake("is a document of Swagger 1", f"Convert it to Swagger 2.0 or OpenAPI 3. {SUPPORTED}"),
    ),
    (("info", "item"), Mistake("is a Postman collection", _CONVERT)),
    (("_type", "resources"), Mistake("is an Insomnia export", _CONVERT)),
    (
        ("arazzo",),
        Mistake("is an Arazzo document", "It describes workflows. Name the OpenAPI document that it refers to."),
    ),
    (
        ("overlay", "actions"),
        Mistake("is an Overlay document", "It changes an OpenAPI document. Apply it, and name the result."),
    ),
    (
        ("openrpc",),
        Mistake("is an OpenRPC document", "JSON-RPC is another kind of API; only OpenAPI documents can be used."),
    ),
    (("log",), Mistake("is captured traffic (HAR)", "To judge it: mock-server validate FILE --document openapi.yaml")),
    (("apiVersion", "kind"), Mistake("is a Kubernetes manifest", "Name an OpenAPI document.")),
    (("rules",), Mistake("is a scenario", _NAMED)),
    (("when",), Mistake("is a fixture", _NAMED)),
    (("$schema",), Mistake("is a JSON Schema", _NAMED)),
    (("type", "properties"), Mistake("is a JSON Schema", _NAMED)),
    (("paths",), Mistake("has 'paths', but no version", "Write at the top: openapi: '3.0.3'")),
)


def describe_text(text: str) -> Mistake | None:
    """Name the kind of a text that can't be an OpenAPI document by its first words."""
    head = text[:2000].lstrip("\ufeff")
    return next((mistake for pattern, mistake in _TEXTS if pattern.match(head)), None)


def describe_value(value: JsonValue, text: str) -> Mistake:
    """Name the kind of a value without a version of OpenAPI."""
    by_text = describe_text(text)
    if by_text is not None:
        return by_text
    if not isinstance(value, dict):
        return Mistake(
            "is no OpenAPI document", "An OpenAPI document is an object with 'openapi' or 'swagger' at the top."
        )
    for word in ("openapi", "swagger"):
        near = get_close_matches(word, map(str.lower, value), n=1, cutoff=0.75)
        if near:
            written = next(key for key in value if key.lower() == near[0])
            return Mistake(f"has {written!r} at the top", f"It is written {word!r}.")
    for keys, mistake in _KEYS:
        if all(key in value for key in keys):
            return mistake
    return Mistake("names neither 'openapi' nor 'swagger' at the top", SUPPORTED)


def describe_version(value: Mapping[str, JsonValue]) -> Mistake:
    """Return advice for a version that is not supported."""
    word = "openapi" if "openapi" in value else "swagger"
    number = str(value[word])
    reason = f"is of version {word} {number!r}"
    if word == "openapi" and number.startswith("2"):
        return Mistake(reason, "Version 2.0 is written swagger: '2.0'")
    if word == "swagger" and number.startswith("3"):
        return Mistake(reason, "From version 3.0 on it is written openapi: '3.0.3'")
    return Mistake(reason, SUPPORTED)


def describe_json(text: str) -> str | None:
    """Return the place of the first JSON error of a text, or None."""
    try:
        json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        before = text[: error.pos + 1].rstrip()
        comma = before.rfind(",")
        if re.match(r",\s*[}\]]", text[comma:]) and not text[comma + 1 : error.pos].strip():
            line = text.count(chr(10), 0, comma) + 1
            return f"a comma stands before a closing bracket in line {line}; JSON has none there, so take it out"
        return f"it breaks off in line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError):
        return None
    return None


def find_tab(text: str) -> int | None:
    """Find the first line, counted from 1, that is indented with a tab, or None."""
    found = re.search(r"^ *\t", text, re.MULTILINE)
    if found is not None:
        return text.count("\n", 0, found.start()) + 1
    return None


def advise_missing(path: Path) -> str:
    """Suggest an existing file for one that does not exist."""
    if not path.parent.is_dir():
        return f"There is no folder {path.parent}, either."
    names = _documents_in(path.parent)
    near = get_close_matches(path.name, names, n=1) or [name for name in names if Path(name).stem == path.stem][:1]
    if near:
        return f"Did you mean {path.parent / near[0]}?"
    where = "this folder" if path.parent == Path() else str(path.parent)
    if names:
        return f"In {where} are {_listed(names)}."
    return ""


def advise_folder(path: Path) -> str:
    """Suggest a file in a folder."""
    names = _documents_in(path)
    likely = [name for name in names if re.match(r"(openapi|swagger|api)\b", name)] or names
    if likely:
        return f"Name the document in it, as in {path / likely[0]}."
    return "Name the file of the document."


def _documents_in(folder: Path) -> list[str]:
    """Return the files of a folder that may be documents."""
    try:
        return sorted(
            path.name
            for path, _ in zip(folder.iterdir(), range(_MOST_LOOKED_AT), strict=False)
            if path.suffix in SUFFIXES
        )
    except OSError:
        return []


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (
        f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    )
