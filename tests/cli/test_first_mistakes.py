"""
A newcomer's walk: the first mistakes that one makes, and what one reads.

Each message says what is wrong, where, and what to do. `…` stands for words of the system or of a library.
"""

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx2
import pytest

from mock_server.cli.main import main
from tests.support.servers import Server, start_server, stop_server

SHOP = """
openapi: 3.0.3
info: {title: Shop, version: '1'}
servers: [{url: /v1}]
security: [{key: []}]
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-API-Key}}}
paths:
  /pets/{petId}:
    get:
      operationId: getPet
      parameters: [{name: petId, in: path, required: true, schema: {type: integer}}]
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema: {type: object, required: [id], properties: {id: {type: integer}}}
              examples: {one: {value: {id: 1}}}
  /pets:
    post:
      operationId: addPet
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string}}}}}
      responses: {'201': {description: ok}}
"""
HEAD = "info: {title: T, version: '1'}\npaths: {}\n"
PAGE = "<!DOCTYPE html>\n<html><head><meta charset=utf-8><title>Shop: API</title></head></html>"
CONVERT = "Convert it to OpenAPI, and name the result."
SUPPORTED = "Supported are swagger 2.0 and openapi 3.0, 3.1, 3.2."
NO_PATHS = "nothing can be answered until the document has operations under 'paths'"
NONE_FOUND = "0 operations, 0 fixtures: 0 errors, 0 warnings, 0 notes"

# Which mistake, the files in the folder beside shop.yaml, what is typed, the exit code, and what is read.
TYPED: list[tuple[str, dict[str, str], str, int, str]] = [
    ("no command, and a wrong file name", {}, "shop.yml", 2, "mock-server: shop.yml: there is no such file\nDid you mean shop.yaml?"),
    ("a mistyped command", {}, "sevre shop.yaml", 2, "mock-server: 'sevre' is no command; did you mean 'serve'? 'mock-server --help' says what each is for."),
    ("a command of another program", {}, "stub shop.yaml", 2, "mock-server: 'stub' is no command; did you mean 'serve'? 'mock-server --help' says what each is for."),
    ("a command that there is none of", {}, "xyz", 2, "mock-server: 'xyz' is no command; there are serve, proxy, check, test, report, validate, diff, consumer, payloads, init, completion, mcp. 'mock-server --help' says what each is for."),
    ("a mistyped flag", {}, "serve shop.yaml --prot 8080", 2, "mock-server: there is no option --prot; did you mean --port? 'mock-server serve --help' lists them."),
    ("an unknown flag", {}, "serve shop.yaml --zzz", 2, "mock-server: there is no option --zzz. 'mock-server serve --help' lists them."),
    ("a flag without its value", {}, "serve shop.yaml --port", 2, "mock-server: …--port…\n'mock-server serve --help' says more."),
    ("a word for a number", {}, "serve shop.yaml --port http", 2, "mock-server: …--port…\n'mock-server serve --help' says more."),
    ("two documents where there is one", {}, "check shop.yaml shop.yaml", 2, "mock-server: …shop.yaml…\n'mock-server check --help' says more."),
    ("a wrong file name", {}, "serve shop.yml", 2, "mock-server: shop.yml: there is no such file\nDid you mean shop.yaml?"),
    ("another wrong file name", {}, "serve openapi.json", 2, "mock-server: openapi.json: there is no such file\nIn this folder are shop.yaml."),
    ("a folder that does not exist", {}, "serve api/shop.yaml", 2, "mock-server: api/shop.yaml: there is no such file\nThere is no folder api, either."),
    ("a folder for a file", {"api/openapi.yaml": SHOP, "api/other.yaml": ""}, "serve api", 2, "mock-server: api: is a folder\nName the document in it, as in api/openapi.yaml."),
    ("an empty file", {"a.yaml": ""}, "serve a.yaml", 2, "mock-server: a.yaml: is empty\nA document begins with: openapi: '3.0.3'"),
    ("a tab in YAML", {"a.yaml": "openapi: 3.0.0\ninfo:\n\ttitle: T\n"}, "check a.yaml", 2, "mock-server: a.yaml: is neither YAML nor JSON: …line 3, column 1\nLine 3 is indented with a tab; YAML takes spaces."),
    ("a comma at the end in JSON", {"a.json": '{"openapi": "3.0.0", "info": {"title": "T", "version": "1"},\n "paths": {},\n}'}, "check a.json", 0,
     ("a.json:1: warning: is no JSON: a comma stands before a closing bracket in line 2; JSON has none there, so take it out; it was read as YAML, which takes more [document-text-invalid]\n"
     f"0 operations, 0 fixtures: 0 errors, 1 warning, 0 notes\n{NO_PATHS}")),
    ("a comma that is missing in JSON", {"a.json": '{"openapi": "3.0.0",\n "info": {"title": "T" "version": "1"}}'}, "check a.json", 2, "mock-server: a.json: is neither JSON nor YAML: it breaks off in line 2, column 24"),
    ("a binary file", {"a.yaml": "\x80"}, "check a.yaml", 2, "mock-server: a.yaml: is no text in UTF-8 (byte 0 is 0x80)\nAn OpenAPI document is YAML or JSON text."),
    ("a version that is mistyped", {"a.yaml": f"swagger: '3.0'\n{HEAD}"}, "check a.yaml", 2, "mock-server: a.yaml: is of version swagger '3.0'\nFrom version 3.0 on it is written openapi: '3.0.3'"),
    ("the other version that is mistyped", {"a.yaml": f"openapi: '2.0'\n{HEAD}"}, "check a.yaml", 2, "mock-server: a.yaml: is of version openapi '2.0'\nVersion 2.0 is written swagger: '2.0'"),
    ("a version of the future", {"a.yaml": f"openapi: 4.0.0\n{HEAD}"}, "check a.yaml", 2, f"mock-server: a.yaml: is of version openapi '4.0.0'\n{SUPPORTED}"),
    ("a version without quotes", {"a.yaml": f"openapi: 3.0\n{HEAD}"}, "check a.yaml", 1,
     f"a.yaml:1: error: the version is a text: write openapi: '3.0.3' [document-invalid] (/openapi)\n0 operations, 0 fixtures: 1 error, 0 warnings, 0 notes\n{NO_PATHS}"),
    ("a mistyped first word", {"a.yaml": f"openaip: 3.0.0\n{HEAD}"}, "check a.yaml", 2, "mock-server: a.yaml: has 'openaip' at the top\nIt is written 'openapi'."),
    ("no version at all", {"a.yaml": HEAD}, "check a.yaml", 2, "mock-server: a.yaml: has 'paths', but no version\nWrite at the top: openapi: '3.0.3'"),
    ("something else in YAML", {"a.yaml": "a: 1"}, "check a.yaml", 2, f"mock-server: a.yaml: names neither 'openapi' nor 'swagger' at the top\n{SUPPORTED}"),
    ("a list", {"a.json": "[1]"}, "check a.json", 2, "mock-server: a.json: is no OpenAPI document\nAn OpenAPI document is an object with 'openapi' or 'swagger' at the top."),
    ("no paths", {"a.yaml": f"openapi: 3.0.0\n{HEAD}"}, "check a.yaml", 0, f"{NONE_FOUND}\n{NO_PATHS}"),
    ("a path without a slash", {"a.yaml": "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths: {pets: {get: {operationId: a, responses: {'200': {description: ''}}}}}\n"}, "check a.yaml", 1,
     "a.yaml:3: error: a path begins with a slash: write /pets [document-invalid] (/paths)\n1 operation, 0 fixtures: 1 error, 0 warnings, 0 notes"),
    ("AsyncAPI", {"a.yaml": "asyncapi: 2.6.0\ninfo: {title: T, version: '1'}\nchannels: {}\n"}, "serve a.yaml", 2,
     "mock-server: a.yaml: is an AsyncAPI document\nIt describes messages, not HTTP requests; only OpenAPI documents can be used."),
    ("Postman", {"a.json": '{"info": {"name": "T"}, "item": []}'}, "serve a.json", 2, f"mock-server: a.json: is a Postman collection\n{CONVERT}"),
    ("RAML", {"a.raml": "#%RAML 1.0\ntitle: T\n"}, "serve a.raml", 2, f"mock-server: a.raml: is a RAML document\n{CONVERT}"),
    ("GraphQL", {"a.graphql": "type Query {\n  pets: [Pet!]!\n}\n"}, "serve a.graphql", 2, "mock-server: a.graphql: is a GraphQL schema\nGraphQL is another kind of API; only OpenAPI documents can be used."),
    ("Protocol Buffers", {"a.proto": 'syntax = "proto3";\nmessage Pet { int64 id = 1; }\n'}, "serve a.proto", 2, "mock-server: a.proto: is a Protocol Buffers file\ngRPC is another kind of API; only OpenAPI documents can be used."),
    ("a JSON Schema", {"a.json": '{"type": "object", "properties": {}}'}, "serve a.json", 2, "mock-server: a.json: is a JSON Schema\nName the OpenAPI document that it belongs to."),
    ("captured traffic", {"a.har": '{"log": {"version": "1.2", "entries": []}}'}, "check a.har", 2, "mock-server: a.har: is captured traffic (HAR)\nTo judge it: mock-server validate FILE --document openapi.yaml"),
    ("XML", {"a.xml": "<?xml version='1.0'?><definitions/>"}, "check a.xml", 2, "mock-server: a.xml: is XML\nAn OpenAPI document is YAML or JSON."),
    ("a web page in a file", {"a.html": PAGE}, "check a.html", 2,
     "mock-server: a.html: is a web page (HTML)\nName the document itself; a page that shows one often links to it, as /openapi.json or /v3/api-docs."),
    ("a web page at a URL", {}, "check {web}/ui", 2,
     "mock-server: {web}/ui: is a web page (HTML)\nName the document itself; a page that shows one often links to it, as /openapi.json or /v3/api-docs."),
    ("a URL that is not there", {}, "check {web}/nothing", 2, "mock-server: {web}/nothing: answered 404 Not Found"),
    ("a URL where nothing answers", {}, "check {closed}/openapi.json", 2, "mock-server: {closed}/openapi.json: …\nIs the address right, and does something answer there?"),
    ("a URL of another kind", {}, "check ftp://a/openapi.json", 2, "mock-server: ftp://a/openapi.json: is no URL that can be read\nIt starts with http:// or https://."),
    ("a port in use", {}, "serve shop.yaml --port {used}", 2, "mock-server: port {used} of 127.0.0.1 is in use; choose another with --port, or let one be chosen with --port 0"),
    ("no port", {}, "serve shop.yaml --port 99999", 2, "mock-server: there is no port 99999: ports go from 0 to 65535"),
    ("a negative port", {}, "serve shop.yaml --port -1", 2, "mock-server: there is no port -1: ports go from 0 to 65535"),
    ("no host", {}, "serve shop.yaml --host nowhere.invalid --port 0", 2, "mock-server: 'nowhere.invalid' is no address: …; choose another with --host"),
    ("no workers", {}, "serve shop.yaml --workers 0", 2, "mock-server: --workers 0: at least one is needed"),
    ("a locale that nobody speaks", {}, "serve shop.yaml --locale finnish", 2, "mock-server: the locale 'finnish' is unknown; known are fi_FI, fil_PH"),
    ("a source that there is none of", {}, "serve shop.yaml --source fixtures", 2, "mock-server: source is a list of fixture, example, generated; 'fixtures' is none"),
    ("a delay with a unit", {}, "serve shop.yaml --delay 1s", 2, "mock-server: a delay is a number of milliseconds as 200, a range as 100..300, or lognormal:MEDIAN,SIGMA as lognormal:80,0.4; '1s' is none"),
    ("a profile that there is none of", {}, "serve shop.yaml --profile edge", 2, "mock-server: profile is one of realistic, minimal, boundary, extreme, invalid, incoherent, not 'edge'"),
    ("a store without state", {}, "serve shop.yaml --store sqlite:///a.db", 2, "mock-server: --store keeps state: give --stateful as well"),
    ("a folder of fixtures that is not there", {}, "serve shop.yaml --fixtures nowhere", 2, "mock-server: the folder of fixtures nowhere does not exist"),
    ("a fixture of an unknown operation", {"fixtures/getPett/a.json": "{}"}, "serve shop.yaml --fixtures fixtures --port 0", 2,
     "fixtures/getPett: error: no operation of shop.yaml is called 'getPett'; did you mean 'getPet'? [fixture-operation-unknown]\nmock-server: 1 finding in the fixtures and scenarios: correct or remove them"),
    ("a fixture with a wrong body", {"fixtures/getPet/a.json": '{"id": "x"}'}, "serve shop.yaml", 2,
     ("fixtures/getPet/a.json:1: error: the body at /id: … (response-body-schema, shop.yaml#/paths/~1pets~1{petId}/get/responses/200/content/application~1json/schema/properties/id/type) "
     "[fixture-invalid] (/id)\nmock-server: 1 finding in the fixtures and scenarios: correct or remove them")),
    ("handlers that are not there", {}, "serve shop.yaml --handlers handlers.py --port 0", 2, "mock-server: --handlers handlers.py: there is no such file"),
    ("an unknown setting", {"mock-server.toml": "prot = 4011\n"}, "check shop.yaml", 2, "mock-server: mock-server.toml: there is no setting 'prot'; did you mean port?"),
    ("a setting of a wrong type", {"mock-server.toml": "port = 'x'\n"}, "check shop.yaml", 2, "mock-server: mock-server.toml: port has to be a number, not 'x'"),
    ("settings in YAML", {"mock-server.toml": "port: 4011\n"}, "check shop.yaml", 2, "mock-server: mock-server.toml: …\nSettings are written in TOML, as in: seed = 7"),
    ("an unknown option in the settings", {"mock-server.toml": "[test]\nphase = 'fuzzing'\n"}, "test {web} shop.yaml", 2, "mock-server: [test]: there is no option 'phase'; did you mean phases?"),
    ("settings that are not there", {}, "check shop.yaml --config mine.toml", 2, "mock-server: --config mine.toml: there is no such file"),
    ("an unknown operation", {}, "payloads getPat shop.yaml", 2, "mock-server: the document has no operation 'getPat'; did you mean 'getPet'?"),
    ("an operation of another document", {}, "payloads xyz shop.yaml", 2, "mock-server: the document has no operation 'xyz'; there are: getPet, addPet"),
    ("a kind that there is none of", {}, "payloads --kind valid", 2, "mock-server: --kind is one of … or all, not 'valid'"),
    ("no workers for payloads", {}, "payloads --workers 0", 2, "mock-server: …--workers…\n'mock-server payloads --help' says more."),
    ("no URL to test", {}, "test", 2, "mock-server: name the URL of the API, as in mock-server test http://127.0.0.1:8000, or an application with --app module:attribute"),
    ("a document for the URL", {}, "test shop.yaml", 2, "mock-server: shop.yaml is a document; the URL of the API comes first: mock-server test http://127.0.0.1:8000 shop.yaml"),
    ("a URL without its scheme", {}, "test localhost:8000 shop.yaml", 2, "mock-server: 'localhost:8000' is no URL of an API; write http://localhost:8000"),
    ("a URL without server", {}, "test {closed} shop.yaml", 2, "mock-server: {closed} can't be reached: …\nIs it running, and is the URL the base that the paths of the document follow?"),
    ("nothing to proxy", {}, "proxy", 2, "mock-server: proxy needs UPSTREAM: The base of the real API: it replaces the servers of the document."),
    ("nothing to validate", {}, "validate", 2, "mock-server: validate needs FILES: HAR, NDJSON, JSON, Pact files, folders of these, or - for standard input."),
    ("a depth of more than everything", {}, "test {closed} shop.yaml --min-depth 101", 2, "mock-server: Invalid value for '--min-depth': it has to be less than or equal to 100\n'mock-server test --help' says more."),
    ("a number in words", {}, "test {closed} shop.yaml --workers many", 2, "mock-server: Invalid value for '--workers': it has to be a whole number\n'mock-server test --help' says more."),
    ("no time for an answer", {}, "test {closed} shop.yaml --timeout 0", 2, "mock-server: Invalid value for '--timeout': it has to be greater than or equal to 0.001\n'mock-server test --help' says more."),
    ("an application that is elsewhere", {}, "test --app nope:app shop.yaml", 2, "mock-server: --app nope:app: No module named 'nope' in /…, nor among the packages of /…"),
    ("an application of another name", {}, "test --app json:app shop.yaml", 2, "mock-server: --app json:app: json has no app"),
    ("no document at all", {}, "test {closed}", 2, "there is no openapi.yaml here and no document is named: the shipped example is used\nmock-server: {closed} can't be reached: …\nIs it running, and is the URL the base that the paths of the document follow?"),
    ("traffic that is not there", {}, "validate traffic.har", 2, "mock-server: traffic.har: there is no such file"),
    ("a document to validate", {}, "validate shop.yaml", 2, "mock-server: shop.yaml is no captured traffic: that is HAR, NDJSON or JSON. To check a document: mock-server check shop.yaml"),
    ("a format that there is none of", {}, "check shop.yaml --format xml", 2, "mock-server: --format is one of text, json, github, sarif, not 'xml'"),
]  # fmt: skip


class _Web(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/ui"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(PAGE.encode() if found else b"")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def around() -> Iterator[dict[str, str]]:
    """What there is on this machine: a site, a port that is used, and an address where nothing listens."""
    server = HTTPServer(("127.0.0.1", 0), _Web)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with socket.socket() as closed, socket.create_server(("127.0.0.1", 0)) as used:
        closed.bind(("127.0.0.1", 0))
        yield {
            "web": f"http://127.0.0.1:{server.server_port}",
            "closed": f"http://127.0.0.1:{closed.getsockname()[1]}",
            "used": str(used.getsockname()[1]),
        }
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("files", "typed", "code", "said"), [row[1:] for row in TYPED], ids=[row[0] for row in TYPED])
def test_a_mistake_is_answered_with_what_to_do(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    around: dict[str, str],
    files: dict[str, str],
    typed: str,
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {"shop.yaml": SHOP, **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode("latin-1"))
    for name, value in around.items():
        typed, said = typed.replace(f"{{{name}}}", value), said.replace(f"{{{name}}}", value)

    assert main(typed.split()) == code
    read = capsys.readouterr()
    shown = (read.out + read.err).rstrip("\n")
    assert re.fullmatch(".*".join(map(re.escape, said.split("…"))), shown), shown


# Which mistake, the request, the status, and the detail of the answer.
KEY = {"X-API-Key": "k"}
ASKED: list[tuple[str, str, str, dict[str, str], str, int, str]] = [
    ("outside of the base path", "GET", "/pets/1", KEY, "", 404, "no path template matches '/pets/1'; the API is served under /v1; did you mean GET /v1/pets/{petId}?"),
    ("a mistyped path", "GET", "/v1/pet/1", KEY, "", 404, "no path template matches '/v1/pet/1'; the API is served under /v1; did you mean GET /v1/pets/{petId}?"),
    ("another method", "DELETE", "/v1/pets/1", KEY, "", 405, "DELETE is not documented for /v1/pets/1; documented are GET"),
    ("no key", "GET", "/v1/pets/1", {}, "", 401, "missing is the header parameter 'X-API-Key'; any value will do; --no-security asks for none"),
    ("a form for JSON", "POST", "/v1/pets", {**KEY, "Content-Type": "application/x-www-form-urlencoded"}, "name=x", 415,
     "the media type 'application/x-www-form-urlencoded' is not documented; documented are application/json"),
    ("a body without a property", "POST", "/v1/pets", {**KEY, "Content-Type": "application/json"}, "{}", 422, 'the body: "name" is a required property'),
    ("broken JSON", "POST", "/v1/pets", {**KEY, "Content-Type": "application/json"}, '{"name":}', 422, "the body as application/json: it is no JSON: …"),
    ("a word for a number", "GET", "/v1/pets/x", KEY, "", 422, "the path parameter 'petId': …"),
    ("a status that is not documented", "GET", "/v1/pets/1", {**KEY, "Prefer": "code=404"}, "", 404, "the status 404 is not documented; documented are 200"),
    ("a status that is none", "GET", "/v1/pets/1", {**KEY, "Prefer": "code=none"}, "", 422, "the preference code='none' has to be a status of three digits, as in code=404"),
    ("an unknown example", "GET", "/v1/pets/1", {**KEY, "Prefer": "example=two"}, "", 404, "the response 200 as application/json has no example 'two'; there are: one"),
    ("an unknown fixture", "GET", "/v1/pets/1", {**KEY, "Prefer": "fixture=a"}, "", 404, "getPet has no fixture 'a'; there are: none"),
    ("a size that is none", "GET", "/v1/pets/1", {**KEY, "Prefer": "size=many"}, "", 422, "the preference size='many' has to be a number from 0 to 10,000"),
    ("an unknown profile", "GET", "/v1/pets/1", {**KEY, "Prefer": "profile=edge"}, "", 422,
     "the preference profile='edge' has to be one of realistic, minimal, boundary, extreme, invalid, incoherent"),
    ("an unknown fault", "GET", "/v1/pets/1", {**KEY, "Prefer": "fault=boom"}, "", 422, "there is no fault 'boom'; there are error, …"),
    ("a delay with a unit", "GET", "/v1/pets/1", {**KEY, "Prefer": "delay=1s"}, "", 422, "a delay is a number of milliseconds as 200, …; '1s' is none"),
]  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.yaml").write_text(SHOP)
    server = start_server("shop.yaml", cwd=folder)
    yield server
    stop_server(server)


@pytest.mark.parametrize(
    ("method", "path", "fields", "body", "status", "detail"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED]
)
def test_a_wrong_request_is_answered_with_what_to_do(
    shop: Server, method: str, path: str, fields: dict[str, str], body: str, status: int, detail: str
) -> None:
    answer = httpx2.request(method, shop.origin + path, headers=fields, content=body.encode())

    assert answer.status_code == status
    assert re.fullmatch(".*".join(map(re.escape, detail.split("…"))), answer.json()["detail"]), answer.json()["detail"]


def test_a_key_with_a_passphrase_is_refused_and_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(SHOP)
    names = ["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=127.0.0.1", "-passout", "pass:long-enough"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", *names], check=True, capture_output=True)

    assert main(["serve", "shop.yaml", "--tls-cert", "cert.pem", "--tls-key", "key.pem"]) == 2
    assert capsys.readouterr().err == (
        "mock-server: the key of cert.pem asks for a passphrase, and nobody is there to give it: take one without\n"
    )
