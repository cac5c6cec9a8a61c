"""
The official JSON Schema Test Suite, as the source distribution of `jsonschema` carries it; `make test` installs it.

Each of its schemas becomes a file that an OpenAPI document refers to, so that `#` in it means the schema and not the document.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
from jsonschema import Draft4Validator, Draft202012Validator
from jsonschema.protocols import Validator as Judge
from jsonschema_specifications import REGISTRY
from referencing import Registry
from referencing import Resource as Contents
from referencing.jsonschema import DRAFT4, DRAFT202012

from mock_server import load
from mock_server.document.document import Document
from mock_server.document.load import LoadedResource, SourceBytes
from mock_server.document.references import Node
from mock_server.generate.engine import Engine
from mock_server.schema.bundle import Bundle
from mock_server.schema.dialect import Direction, Purpose
from mock_server.settings import Settings
from tests.support.paths import ROOT

# The Makefile fetches this very version: what the suite holds decides which exceptions are listed.
SUITE = ROOT / ".tools" / "jsonschema-4.26.0" / "json"
VERSIONS = {"draft2020-12": "3.1.0", "draft4": "3.0.3"}  # the OpenAPI whose dialect a draft is
_JUDGES = {"draft2020-12": (Draft202012Validator, DRAFT202012), "draft4": (Draft4Validator, DRAFT4)}
_REMOTE = "http://localhost:1234/"  # where the suite's schemas expect the files in `remotes`


@dataclass(frozen=True)
class Group:
    """One schema of the suite and the instances it is tested with."""

    draft: str
    file: str  # without ".json"
    description: str
    schema: object
    tests: list[dict]

    def __str__(self) -> str:
        return f"{self.draft}/{self.file}: {self.description}"

    @property
    def valid(self) -> list[object]:
        """The instances that conform."""
        return [test["data"] for test in self.tests if test["valid"]]


@cache
def groups(draft: str) -> list[Group]:
    """Every schema that the suite has for a draft; none where it is not installed (see `test_the_suite_is_installed`)."""
    folder = SUITE / "tests" / draft
    return [
        Group(
            draft,
            path.relative_to(folder).with_suffix("").as_posix(),
            group["description"],
            group["schema"],
            group["tests"],
        )
        for path in sorted(folder.rglob("*.json"))
        # read as our own messages are: numbers beyond 64 bits as the nearest float
        for group in orjson.loads(path.read_bytes())
    ]


@cache
def remotes() -> dict[str, bytes]:
    """The files that the suite expects to be served, by URI."""
    folder = SUITE / "remotes"
    return {_REMOTE + path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.json")}


@dataclass(frozen=True)
class Opened:
    """A schema in a document that answers with it."""

    document: Document
    node: Node
    kit: Engine

    def bundle(self, purpose: Purpose) -> Bundle:
        return self.kit.schemas.of(Direction.RESPONSE, purpose).bundle(self.node)


def open_schema(folder: Path, schema: object, version: str) -> Opened:
    """Write a document that answers with a schema, and open it as if the suite's remote files were known."""
    content = {"application/json": {"schema": {"$ref": "schema.json"}}}
    paths = {"/things": {"get": {"responses": {"200": {"description": "", "content": content}}}}}
    (folder / "schema.json").write_text(json.dumps(schema))
    (folder / "openapi.json").write_bytes(
        orjson.dumps({"openapi": version, "info": {"title": "", "version": ""}, "paths": paths})
    )
    document = load(folder / "openapi.json")
    for uri, data in remotes().items():
        document.library._read[uri] = LoadedResource(uri, uri, SourceBytes(data), orjson.loads(data))
    node = document.operation(document.entries[0]).responses[0].content[0].schema
    return Opened(document, node, Engine(document, Settings()))


def suite_judge(group: Group) -> Judge:
    """The jsonschema package's reading of a schema of the suite, its formats asserted."""
    validator, specification = _JUDGES[group.draft]
    known = [
        (uri, Contents.from_contents(orjson.loads(data), default_specification=specification))
        for uri, data in remotes().items()
        if not (folder := uri.split("/")[3]).startswith("draft") or folder == group.draft
    ]
    registry = Registry().with_resources(known).combine(REGISTRY)
    return validator(group.schema, registry=registry, format_checker=validator.FORMAT_CHECKER)
