"""Documents of every version in one model."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server import load
from mock_server.document.document import Document, derive_id
from mock_server.document.model import MISSING, ParameterLocation, Style, Version
from mock_server.document.positions import find_lines
from mock_server.errors import MalformedResource, UnsupportedVersion


@pytest.fixture
def document(tmp_path: Path) -> Callable[[str], Document]:
    def make(text: str) -> Document:
        path = tmp_path / "d.yaml"
        path.write_text(text)
        return load(path)

    return make


def rules_of(document: Document) -> list[str]:
    operations = [document.operation(entry) for entry in document.entries]
    return [f.rule for f in (*document.findings, *(found for operation in operations for found in operation.findings))]


@pytest.mark.parametrize(
    ("head", "version"),
    [
        ("swagger: '2.0'", Version.V2),
        ("swagger: 2.0", Version.V2),
        ("openapi: 3.0.3", Version.V30),
        ("openapi: '3.0'", Version.V30),
        ("openapi: 3.1.0", Version.V31),
        ("openapi: 3.2.0", Version.V32),
    ],
)
def test_the_version_is_told_from_the_head(document: Callable[[str], Document], head: str, version: Version) -> None:
    assert document(f"{head}\ninfo: {{title: T, version: '1'}}\npaths: {{}}\n").version is version


@pytest.mark.parametrize("text", ["openapi: 4.0.0\n", "swagger: '1.2'\n", "a: 1\n", "- 1\n", "just text\n"])
def test_an_unknown_version_is_refused_in_a_sentence(document: Callable[[str], Document], text: str) -> None:
    with pytest.raises(UnsupportedVersion, match=r"(openapi|swagger|OpenAPI)"):
        document(text)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x80abc", b"", b"  \n", b"a: [", b"{" * 2000])
def test_what_is_neither_yaml_nor_json_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "d.yaml"
    path.write_bytes(data)

    with pytest.raises((MalformedResource, UnsupportedVersion)):
        load(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_read_past(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "d.json"
    path.write_bytes('{"openapi": "3.0.3", "info": {"title": "é", "version": "1"}, "paths": {}}'.encode(encoding))

    assert load(path).title == "é"


def test_control_characters_in_json_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(b'{"openapi": "3.0.3", "info": {"title": "a\tb", "version": "1"}, "paths": {}}')

    assert rules_of(load(path)) == ["document-text-invalid"]


def test_operation_ids_are_derived_and_kept_apart(document: Callable[[str], Document]) -> None:
    found = document(
        "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths:\n"
        "  /a/{id}: {get: {responses: {}}, put: {operationId: x, responses: {}}}\n"
        "  /b: {get: {operationId: x, responses: {}}}\n"
    )

    assert [entry.id for entry in found.entries] == ["get_a_id", "x", "get_b"]
    assert "document-operation-id-missing" in rules_of(found)
    assert "document-operation-id-duplicate" in rules_of(found)
    assert derive_id("GET", "/") == "get"


@pytest.mark.parametrize(
    ("servers", "base_path"),
    [
        ("[{url: 'https://example.com/v1/'}]", "/v1"),
        ("[{url: /v2}]", "/v2"),
        ("[{url: '{scheme}://h/{base}', variables: {scheme: {default: https}, base: {default: v3}}}]", "/v3"),
        ("[{url: ./v4}]", "/v4"),
        ("[{url: 'v5'}]", "/v5"),
        ("[{url: '//h/v6?x=1#y'}]", "/v6"),
        ("[]", ""),
        ("[{url: 'https://example.com'}]", ""),
        ("nonsense", ""),
    ],
)
def test_the_base_path_is_that_of_the_first_server(
    document: Callable[[str], Document], servers: str, base_path: str
) -> None:
    found = document(f"openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\nservers: {servers}\npaths: {{}}\n")

    assert found.servers[0].base_path == base_path


def test_swagger_bodies_and_forms_become_request_bodies(document: Callable[[str], Document]) -> None:
    found = document("""
swagger: '2.0'
info: {title: T, version: '1'}
basePath: /v1
consumes: [application/json]
produces: [application/json, application/xml]
securityDefinitions: {b: {type: basic}, k: {type: apiKey, in: query, name: key}}
paths:
  /a:
    parameters: [{name: q, in: query, type: array, items: {type: integer}, collectionFormat: pipes}]
    post:
      parameters: [{name: body, in: body, required: true, schema: {type: object}}]
      responses: {200: {description: '', schema: {type: string}, examples: {application/json: x}}, 204: {description: ''}}
    put:
      parameters:
      - {name: f, in: formData, type: file, required: true}
      - {name: tags, in: formData, type: array, items: {type: string}, collectionFormat: multi}
      responses: {default: {description: ''}}
""")
    post, put = (found.operation(entry) for entry in found.entries)

    assert found.servers[0].base_path == "/v1"
    assert [(s.type, s.scheme, s.location) for s in found.schemes.values()] == [
        ("http", "basic", ParameterLocation.HEADER), ("apiKey", "", ParameterLocation.QUERY),
    ]  # fmt: skip
    assert (post.parameters[0].style, post.parameters[0].explode) == (Style.PIPE_DELIMITED, False)
    assert [m.name for m in post.request_body.content] == ["application/json"]
    assert [(m.name, [e.value for e in m.examples]) for m in post.responses[0].content] == [
        ("application/json", ["x"]), ("application/xml", []),
    ]  # fmt: skip
    assert post.responses[1].content == ()
    assert [m.name for m in put.request_body.content] == ["multipart/form-data"]
    assert put.request_body.content[0].schema.value["required"] == ["f"]


def test_parameters_of_an_operation_replace_those_of_its_path(document: Callable[[str], Document]) -> None:
    found = document("""
openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /a/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: Accept, in: header, schema: {type: string}}]
    get: {operationId: a, parameters: [{name: id, in: path, required: true, schema: {type: integer}}], responses: {200: {description: ''}}}
""")
    parameters = found.operation(found.entries[0]).parameters

    assert [(p.name, p.schema.value["type"], p.style, p.explode) for p in parameters] == [
        ("id", "integer", Style.SIMPLE, False)
    ]


def _kind(head: str) -> str:
    """How a document that begins so says that a parameter is an integer."""
    return "type: integer" if head.startswith("swagger") else "schema: {type: integer}"


def _with_get(head: str, parameters: str, response: str) -> str:
    """A document with one operation."""
    return f"""
{head}
info: {{title: T, version: '1'}}
paths:
  /a:
    get:
      operationId: a
      parameters: {parameters}
      responses: {{200: {response}}}
"""


@pytest.mark.parametrize(
    "name", ["Content-Length", "transfer-encoding", "Accept-Encoding", "Content-Encoding", "Host", "Connection"]
)
@pytest.mark.parametrize("head", ["openapi: 3.0.3", "swagger: '2.0'"])
def test_what_frames_a_message_is_no_parameter(document: Callable[[str], Document], head: str, name: str) -> None:
    kind = _kind(head)
    found = document(
        _with_get(
            head, f"[{{name: {name}, in: header, {kind}}}, {{name: X-Count, in: header, {kind}}}]", "{description: ''}"
        )
    )

    assert [p.name for p in found.operation(found.entries[0]).parameters] == ["X-Count"]


@pytest.mark.parametrize("name", ["", "X Count", "X-Count:", "Größe"])
@pytest.mark.parametrize("head", ["openapi: 3.0.3", "swagger: '2.0'"])
def test_a_header_that_no_field_can_be_named_after_is_noted_and_passed_over(
    document: Callable[[str], Document], head: str, name: str
) -> None:
    kind = _kind(head)
    parameters = f"[{{name: '{name}', in: header, required: true, {kind}}}, {{name: 'X Y', in: query, {kind}}}]"
    found = document(
        _with_get(head, parameters, f"{{description: '', headers: {{'{name}': {{{kind}}}, X-Count: {{{kind}}}}}}}")
    )
    operation = found.operation(found.entries[0])

    assert [p.name for p in operation.parameters] == ["X Y"]
    assert [header.name for header in operation.responses[0].headers] == ["X-Count"]
    assert [finding.message for finding in operation.findings] == [f"no header field can be named {name!r}"] * 2


def test_references_in_examples_are_data(document: Callable[[str], Document]) -> None:
    found = document("""
openapi: 3.0.3
info: {title: T, version: '1'}
paths:
  /a:
    get:
      operationId: a
      responses:
        2xx:
          description: ''
          content:
            application/json:
              examples: {one: {value: {$ref: '#/nowhere'}}, two: {$ref: '#/components/examples/two'}, three: {externalValue: x}}
components: {examples: {two: {value: 2}}}
""")
    response = found.operation(found.entries[0]).responses[0]

    assert response.status == "2XX"
    assert [(e.key, e.value) for e in response.content[0].examples] == [
        ("one", {"$ref": "#/nowhere"}),
        ("two", 2),
        ("three", MISSING),
    ]


def test_what_has_the_wrong_shape_is_noted_and_passed_over(document: Callable[[str], Document]) -> None:
    found = document("""
openapi: 3.0.3
info: {title: T, version: '1'}
paths:
  /a: nonsense
  /b: {$ref: '#/nowhere'}
  /c/{x}:
    get:
      operationId: c
      parameters: [nonsense, {name: q}, {in: query}, {$ref: '#/nowhere'}]
      responses: {200: {description: '', headers: {X: 5, Content-Type: {schema: {}}}, content: {application/json: 3}}, 400: nonsense}
      security: [{undefined: []}]
""")
    operation = found.operation(found.entries[0])

    assert [entry.id for entry in found.entries] == ["c"]
    assert operation.parameters == ()
    assert operation.security == ()
    assert operation.responses[0].headers == ()
    assert set(rules_of(found)) == {
        "document-object-malformed", "document-reference-unresolvable", "document-security-undefined", "document-path-parameter-undeclared",
    }  # fmt: skip


def test_methods_of_3_2_are_read(document: Callable[[str], Document]) -> None:
    found = document("""
openapi: 3.2.0
info: {title: T, version: '1'}
paths: {/a: {query: {responses: {}}, additionalOperations: {LOCK: {responses: {}}, 'B AD': {responses: {}}}}}
""")

    assert [entry.method for entry in found.entries] == ["QUERY", "LOCK"]


def test_the_text_of_a_large_document_is_there_when_lines_are_asked_for(tmp_path: Path) -> None:
    paths = {
        f"/things/{number}": {"get": {"description": "x" * 200, "responses": {"200": {"description": ""}}}}
        for number in range(4_500)
    }
    path = tmp_path / "openapi.json"
    path.write_text(
        json.dumps({"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": paths, "$self": "x"}, indent=1)
    )
    resource = load(path).resource

    assert len(resource.data) > 1024 * 1024
    assert resource.data == path.read_bytes()
    assert resource.has_ids
    assert not resource.is_dynamic
    line = find_lines(resource.text, [("paths", "/things/4000")])["paths", "/things/4000"]
    assert '"/things/4000"' in resource.text.splitlines()[line - 1]
