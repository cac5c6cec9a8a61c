"""`mock-server init`: the first files of a project."""

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Final

from mock_server.cli.configure import configure
from mock_server.cli.terminal import say
from mock_server.document.default import default_document, is_shipped
from mock_server.document.model import Entry, ParameterLocation
from mock_server.document.yaml import encode_yaml
from mock_server.errors import UsageError
from mock_server.exchange.body import read_json
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import find_field
from mock_server.exchange.router import Matched
from mock_server.exchange.security import credential_names
from mock_server.files import folder_name, make_folder_within
from mock_server.generate.request import example_request
from mock_server.json_values import JsonObject
from mock_server.printable import printable
from mock_server.respond.open import open_responder
from mock_server.respond.responder import Responder
from mock_server.settings import SETTINGS

SETTINGS_FILE: Final = "mock-server.toml"
_WORKFLOW: Final = Path(".github", "workflows", "mock-server.yml")
_SAMPLE: Final = "openapi.yaml"
# The settings that one meets first, each as one might set it; all of them may be set by a file that was found.
FIRST_SETTINGS: Final = {
    "port": "8080",
    "seed": "7",
    "locale": '"fi_FI"',
    "source": '["fixture", "example", "generated"]',
    "profile": '"boundary"',
    "stateful": "true",
    "delay": '"100..300"',
    "fault": '["error:503@0.1"]',
    "security": "false",
    "reload": "true",
}


def init(*, document: str | None) -> None:
    """
    Write files that are not there yet.

    Args:
        document: The path of the document; that of the folder, else a sample that is written, if left out.

    Raises:
        UsageError: the document is no file, or one of the files can't be written.
    """
    where = document or default_document()
    if is_shipped(where):
        _write(Path(_SAMPLE), Path(where).read_bytes(), "a sample: put your document in its place")
        where = _SAMPLE
    if not Path(where).is_file():
        raise UsageError(f"{where} is no file: name the document that is to be mocked")
    opened = open_responder(where, configure({}), judge_fixtures=False)
    found = next(_iter_answers(opened.responder), None)
    title = found[0].title if found is not None else "GET /pets"
    _write(Path(SETTINGS_FILE), make_settings(title).encode(), "settings, each with what it does")
    if found is not None:
        entry, fixture = found
        folder = make_folder_within(Path(where).parent, "fixtures")
        path = make_folder_within(folder, folder_name(entry.id)) / "first.yaml"
        _write(path, fixture.encode(), f"the answer to {entry.title}, to be changed")
    _write(_WORKFLOW, make_workflow(where).encode(), "a workflow of GitHub that checks and compares the document")
    named = "" if where == _SAMPLE else f" {where}"
    say("", "next:", f"  mock-server serve{named}", f"  mock-server check{named}")


def make_settings(operation: str) -> str:
    """
    Write a settings file in which everything is a comment.

    Args:
        operation: The title of one.
    """
    lines = [
        "# Settings of mock-server in this folder. Each line shows one; take its # away to set it.",
        "# Flags and the environment (MOCK_SERVER_PORT=8080) go before what is here.",
        "",
    ]
    for name, value in FIRST_SETTINGS.items():
        lines += [f"# {SETTINGS[name].help}", f"# {name} = {value}", ""]
    lines += [
        "# For one operation: by its operationId, or by method and path.",
        f"# [operations.{json.dumps(operation)}]",
        '# delay = "500"',
        '# fault = ["error:500@#2"]',
        "",
        "# What properties are filled with, by their names.",
        "# [fields]",
        '# companyName = "company"',
        "",
        "# Flags of `mock-server test`.",
        "# [test]",
        "# max-time = 60",
        '# exclude = ["tag:internal"]',
    ]
    return "\n".join(lines) + "\n"


def make_workflow(document: str) -> str:
    """Write a workflow for GitHub Actions; the document is named as text that no shell reads."""
    template = resources.files("mock_server.cli.work").joinpath("workflow.yml").read_text()
    return template.replace("openapi.yaml", json.dumps(document))


def _iter_answers(responder: Responder) -> Iterator[tuple[Entry, str]]:
    """Yield operations with the fixture of an answer, those that read first."""
    for entry in sorted(responder.document.entries, key=lambda entry: entry.method != "GET"):
        written = _write_fixture(responder, entry)
        if written is not None:
            yield entry, written


def _write_fixture(responder: Responder, entry: Entry) -> str | None:
    """Write the answer to the example request of an operation as a fixture; None where it is no JSON of a success."""
    operation = responder.document.operation(entry)
    request = example_request(responder.kit, operation, responder.base_paths(entry)[0]).request
    answer, matched = responder.decide(request), responder.find(request)
    media_type = find_field(answer.fields, b"content-type")
    if not answer.body or answer.status // 100 != 2 or media_type is None or not isinstance(matched, Matched):  # noqa: PLR2004 - a success
        return None
    if not is_json(parse_media_type(media_type)) or answer.findings:
        return None
    credentials = credential_names(operation.security, responder.document.schemes)
    sent = responder.read(matched, request).understood.parameters
    variables: JsonObject = {
        name: value
        for (location, name), value in sent.items()
        if location is ParameterLocation.PATH and (location, name) not in credentials
    }
    first = f"# {printable(entry.title)} is answered with this"
    if variables:
        first += ", if the values of its path are these"
    envelope: JsonObject = {"status": answer.status, "body": read_json(answer.body)}
    if variables:
        envelope = {"when": {"path": variables}, **envelope}
    return f"{first}. Change it; `mock-server check` says if it still fits.\n{encode_yaml(envelope)}"


def _write(path: Path, data: bytes, what: str) -> None:
    """
    Write a file, unless there is one.

    Raises:
        UsageError: it can't be written.
    """
    try:
        if path == _WORKFLOW:
            make_folder_within(Path(), str(path.parent))
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        say(f"kept   {path}: it is there already")
        return
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from error
    say(f"wrote  {path}: {what}")
