"""A change of a document names exactly the consumers that it hurts: by Pact files, recorded traffic and profiles."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server import load
from mock_server.cli.main import main
from mock_server.diff.compare import compare_documents
from mock_server.diff.model import write_hurts
from mock_server.diff.report import DIFF_FORMATS
from mock_server.diff.usage import ConsumerUsage, OperationUsage, collect_usage, read_profile, write_profile
from mock_server.diff.whom import HurtFinder
from mock_server.document.yaml import decode_yaml, encode_yaml
from mock_server.errors import MalformedResource, UsageError
from mock_server.settings import Settings
from tests.support.servers import start_server, stop_server

OLD = """\
openapi: 3.1.0
info: {title: Pets, version: 1.0.0}
paths:
  /pets:
    get:
      operationId: listPets
      parameters:
        - {name: limit, in: query, schema: {type: integer, maximum: 100}}
        - {name: kind, in: query, schema: {enum: [cat, dog, cow]}}
      responses:
        '200':
          description: pets
          headers: {X-Next: {required: true, schema: {type: integer}}}
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Pet'}}}}
    post:
      operationId: addPet
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/NewPet'}}}}
      responses: {'201': {description: made}}
  /owners:
    get:
      operationId: owners
      responses:
        '200':
          description: by name
          content: {application/json: {schema: {type: object, additionalProperties: {$ref: '#/components/schemas/Owner'}}}}
  /toys:
    delete: {operationId: dropToys, responses: {'204': {description: gone}}}
components:
  schemas:
    Owner: {type: object, required: [age, city], properties: {age: {type: integer}, city: {type: string}}}
    NewPet:
      type: object
      required: [kind]
      properties: {name: {type: string}, kind: {enum: [cat, dog]}, chip: {type: string}}
    Pet:
      type: object
      required: [id, kind, name]
      properties:
        id: {type: integer}
        name: {type: string}
        kind: {enum: [cat, dog]}
        tag: {type: object, properties: {color: {type: string}}}
"""
# What is edited, and who is hurt: `farm` is recorded traffic, `web` a Pact file, `jobs` a profile.
EDITS = {
    "limit is narrowed": (("maximum: 100", "maximum: 50"), {"farm"}),
    "a kind can't be asked for": (("[cat, dog, cow]", "[cat, dog]"), {"farm"}),
    "a header is required": (
        ("        - {name: kind,", "        - {name: tenant, in: header, required: true, schema: {type: string}}\n        - {name: kind,"),
        {"web", "jobs"},
    ),
    "a kind is answered": (("        kind: {enum: [cat, dog]}\n", "        kind: {enum: [cat, dog, cow]}\n"), {"farm", "jobs"}),
    "a name may be null": (("        name: {type: string}", "        name: {type: [string, 'null']}"), {"farm", "web"}),
    "a color is a number": (("color: {type: string}", "color: {type: integer}"), set()),
    "a field is no longer promised": (("{required: true, schema: {type: integer}}}\n", "{schema: {type: integer}}}\n"), {"farm"}),
    "a name has a length": (("{name: {type: string}, kind", "{name: {type: string, minLength: 3}, kind"), {"farm"}),
    "a chip is required": (("required: [kind]", "required: [kind, chip]"), {"farm"}),
    "an age may be missing": (("required: [age, city]", "required: [city]"), {"web"}),
    "a city may be missing": (("required: [age, city]", "required: [age]"), set()),
    "an operation is gone": (
        ("  /toys:\n    delete: {operationId: dropToys, responses: {'204': {description: gone}}}\n", ""),
        {"web"},
    ),
    "nothing breaks": (("description: pets", "description: all pets"), set()),
}  # fmt: skip


def entry(method: str, path: str, status: int, **parts: Any) -> Any:
    """An exchange as HAR writes it."""
    fields = [{"name": name, "value": value} for name, value in parts.get("headers", {}).items()]
    request = {"method": method, "url": f"https://pets.test{path}", "headers": fields}
    if "sent" in parts:
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(parts["sent"])}
        fields.append({"name": "Content-Type", "value": "application/json"})
    answer = [{"name": name, "value": value} for name, value in parts.get("answer_headers", {}).items()]
    content = {}
    if "got" in parts:
        content = {"mimeType": "application/json", "text": json.dumps(parts["got"])}
        answer.append({"name": "Content-Type", "value": "application/json"})
    return {"request": request, "response": {"status": status, "headers": answer, "content": content}}


FARM = [
    entry("GET", "/pets?kind=cow&limit=100", 200, headers={"tenant": "farm"}, answer_headers={"X-Next": "3"},
          got=[{"id": 1, "kind": "cat", "name": "Rex"}]),
    entry("GET", "/pets?limit=9", 200, headers={"tenant": "farm"}, got=[]),
    entry("POST", "/pets", 201, sent={"kind": "cat", "name": "X"}),
    entry("GET", "/nothing", 404),
]  # fmt: skip
WEB = [
    (
        {"method": "GET", "path": "/pets", "query": {"limit": ["10"]}},
        {"status": 200, "body": [{"id": 1, "name": "Rex"}]},
    ),
    ({"method": "GET", "path": "/owners"}, {"status": 200, "body": {"Ann": {"age": 41}}}),
    ({"method": "DELETE", "path": "/toys"}, {"status": 204}),
]
JOBS = """\
consumer: jobs
operations:
  GET /pets: {seen: 40, sends: [], reads: ['200', 200/body/*/kind]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "farm.har").write_text(json.dumps({"log": {"version": "1.2", "entries": FARM}}))
    interactions = [{"description": str(n), "request": a, "response": b} for n, (a, b) in enumerate(WEB)]
    pact = {"consumer": {"name": "web"}, "provider": {"name": "pets"}, "interactions": interactions}
    (tmp_path / "pact.json").write_text(json.dumps(pact | {"metadata": {"pactSpecification": {"version": "3.0.0"}}}))
    (tmp_path / "jobs.yaml").write_text(JOBS)
    return tmp_path


def hurt(folder: Path, edit: tuple[str, str]) -> list[set[str]]:
    """The consumers that each breaking change hurts."""
    assert OLD.count(edit[0]) == 1
    (folder / "new.yaml").write_text(OLD.replace(*edit))
    compared = compare_documents(load(folder / "old.yaml"), load(folder / "new.yaml"), Settings())
    finder = HurtFinder(compared, Settings())
    finder.take_consumer(folder / "pact.json")
    finder.take_consumer(folder / "jobs.yaml")
    finder.take_traffic([str(folder / "farm.har")])
    red = [change for change in finder.result().changes if change.is_red]
    assert finder.foreign == {str(folder / "farm.har"): 1}
    return [{consumer.name for consumer in change.hurts or ()} for change in red]


@pytest.mark.parametrize("name", EDITS)
def test_a_change_names_exactly_the_consumers_that_it_hurts(name: str, folder: Path) -> None:
    edit, expected = EDITS[name]

    assert hurt(folder, edit) == ([expected] if name != "nothing breaks" else [])


def test_two_changes_at_one_object_are_told_apart(folder: Path) -> None:
    """A request that lacks what is required now is not hurt by a length beside it."""
    text = OLD.replace("required: [kind]", "required: [kind, chip]")
    text = text.replace("{name: {type: string}, kind", "{name: {type: string, maxLength: 9}, kind")
    (folder / "new.yaml").write_text(text)
    compared = compare_documents(load(folder / "old.yaml"), load(folder / "new.yaml"), Settings())
    finder = HurtFinder(compared, Settings())
    finder.take_traffic([str(folder / "farm.har")])
    found = [write_hurts([change]) for change in finder.result().changes if change.is_red]

    assert sorted(found) == ["hurts farm (1 of 1 exchanges)", "hurts nobody known"]


def test_the_command_says_whom(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    (folder / "new.yaml").write_text(
        OLD.replace("maximum: 100", "maximum: 50").replace("city: {type: string}", "city: {}")
    )
    code = main(["diff", "old.yaml", "new.yaml", "--traffic", "farm.har", "--consumer", "pact.json"])
    shown = capsys.readouterr().out

    assert code == 1
    assert "    hurts farm (1 of 2 exchanges)\n" in shown
    assert "    hurts nobody known\n" in shown


@pytest.mark.parametrize("name", [name for name in DIFF_FORMATS if name != "semver"])
def test_every_format_names_the_consumers(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    (folder / "new.yaml").write_text(
        OLD.replace("        name: {type: string}", "        name: {type: [string, 'null']}")
    )
    main(["diff", "old.yaml", "new.yaml", "--format", name, "--traffic", "farm.har", "--consumer", "pact.json"])
    shown = capsys.readouterr().out

    assert all(re.search(rf"(?i)hurts.*{consumer}", shown, re.DOTALL) for consumer in ("farm", "web"))
    assert "jobs" not in shown


def test_a_folder_of_fixtures_is_traffic(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    (folder / "frontend" / "listPets").mkdir(parents=True)
    (folder / "frontend" / "listPets" / "one.yaml").write_text(
        "status: 200\nheaders: {X-Next: 3}\nbody: [{id: 1, kind: cat, name: Rex}]\n"
    )
    text = OLD.replace("        name: {type: string}", "        name: {type: [string, 'null']}")
    (folder / "new.yaml").write_text(text.replace("color: {type: string}", "color: {type: integer}"))
    main(["diff", "old.yaml", "new.yaml", "--traffic", "frontend"])
    found = re.findall(r"at /\*/(\S+): .*\n(?:    [-+].*\n)*    (hurts .*)", capsys.readouterr().out)

    assert dict(found) == {"name": "hurts frontend (1 of 1 fixtures)", "tag/color": "hurts nobody known"}


def test_a_profile_is_written_from_traffic_and_hurts_alike(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert main(["consumer", "farm.har", "--document", "old.yaml", "--out", "farm.yaml"]) == 0
    (folder / "new.yaml").write_text(
        OLD.replace("{required: true, schema: {type: integer}}}", "{schema: {type: integer}}}")
    )
    assert main(["diff", "old.yaml", "new.yaml", "--consumer", "farm.yaml"]) == 1
    assert "    hurts farm (2 of 2 exchanges)\n" in capsys.readouterr().out


TREES = """\
openapi: 3.1.0
info: {title: Trees, version: 1.0.0}
paths:
  /trees:
    post:
      operationId: addTree
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Tree'}}}}
      responses: {'201': {description: made}}
components:
  schemas:
    Tree: {type: object, properties: {size: {type: integer, maximum: 100}, next: {$ref: '#/components/schemas/Tree'}}}
"""


@pytest.mark.parametrize(
    ("depth", "size", "hurt", "unjudged"),
    [(0, 70, True, 0), (12, 70, True, 0), (12, 40, False, 0), (200, 70, False, 1), (900, 70, False, 1)],
)
def test_a_deep_body_is_hurt_or_said_to_be_unknown(
    depth: int, size: int, hurt: bool, unjudged: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body: Any = {"size": size}
    for _ in range(depth):
        body = {"next": body}
    old, new, traffic = (tmp_path / name for name in ("old.yaml", "new.yaml", "farm.har"))
    old.write_text(TREES)
    new.write_text(TREES.replace("maximum: 100", "maximum: 50"))
    traffic.write_text(json.dumps({"log": {"version": "1.2", "entries": [entry("POST", "/trees", 201, sent=body)]}}))
    assert main(["diff", str(old), str(new), "--traffic", str(traffic)]) == 1
    shown = capsys.readouterr()

    assert ("hurts farm (1 of 1 exchanges)" in shown.out, "hurts nobody known" in shown.out) == (hurt, not hurt)
    assert shown.err.count("1 exchange could not be judged") == unjudged


def test_an_answer_that_can_not_be_read_is_said_to_be_unknown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = entry("GET", "/pets", 200, got=[])
    broken["response"]["content"]["text"] = '[{"id": 1'
    (folder / "broken.har").write_text(json.dumps({"log": {"version": "1.2", "entries": [broken]}}))
    (folder / "new.yaml").write_text(OLD.replace("color: {type: string}", "color: {type: integer}"))
    main(["diff", str(folder / "old.yaml"), str(folder / "new.yaml"), "--traffic", str(folder / "broken.har")])

    assert "broken.har: 1 exchange could not be judged" in capsys.readouterr().err


def test_a_profile_is_written_from_the_journal_of_a_running_mock(folder: Path) -> None:
    server = start_server(str(folder / "old.yaml"))
    try:
        for path in ("/pets?limit=9", "/owners"):
            assert httpx2.get(f"{server.url}{path}").status_code == 200
        out = folder / "web.yaml"
        words = ["consumer", server.origin, "--document", str(folder / "old.yaml"), "--name", "web", "--out", str(out)]
        assert main(words) == 0
    finally:
        stop_server(server)
    profile = read_profile("web.yaml", decode_yaml(out.read_text())[0])

    assert profile.name == "web"
    assert {name: used.seen for name, used in profile.operations.items()} == {"listPets": 1, "owners": 1}
    assert ("query", "limit") in profile.operations["listPets"].sends
    assert {("200",), ("200", "body")} <= profile.operations["owners"].reads


_PATHS = st.lists(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=3).map(tuple), max_size=4).map(set)


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.tuples(st.integers(0, 99), _PATHS, _PATHS), max_size=3))
def test_a_profile_is_read_as_it_was_written(operations: dict[str, Any]) -> None:
    usage = ConsumerUsage("c", {name: OperationUsage(*parts) for name, parts in operations.items()})
    text = encode_yaml(write_profile(usage))
    read = read_profile("c.yaml", decode_yaml(text)[0])

    assert write_profile(read) == write_profile(usage)


@pytest.mark.parametrize(
    "value", [None, [], {"consumer": "x"}, {"consumer": "x", "operations": {"a": {"sends": [[]]}}}]
)
def test_what_is_no_profile_is_refused(value: Any) -> None:
    with pytest.raises(MalformedResource):
        read_profile("x.yaml", value)


def test_a_file_that_breaks_off_is_an_error(folder: Path) -> None:
    (folder / "cut.har").write_text((folder / "farm.har").read_text()[:-40])
    with pytest.raises(UsageError, match="breaks off"):
        collect_usage(load(folder / "old.yaml"), Settings(), "x", [str(folder / "cut.har")])
