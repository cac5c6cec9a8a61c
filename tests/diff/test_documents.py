"""Two documents, compared: what a user sees."""

from pathlib import Path

import pytest

from mock_server.cli.main import main

OLD = """
openapi: 3.1.0
info: {title: Pets, version: 1.0.0}
paths:
  /pets:
    post:
      operationId: addPet
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {'200': {description: Added}}
    delete: {operationId: clear, responses: {'204': {description: Gone}}}
components:
  schemas:
    Pet: {type: object, properties: {name: {type: string}, kind: {type: string, enum: [cat, dog]}}}
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "old.yaml").write_text(OLD)
    return tmp_path


def compare(folder: Path, new: str, *flags: str) -> int:
    (folder / "new.yaml").write_text(new)
    return main(["diff", str(folder / "old.yaml"), str(folder / "new.yaml"), *flags])


def test_the_same_document_is_silent(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (compare(written, OLD), capsys.readouterr().out) == (0, "")


def test_a_narrowed_body_is_shown_by_a_request_that_is_refused(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = compare(written, OLD.replace("[cat, dog]", "[cat]"))
    said = capsys.readouterr().out

    assert code == 1
    assert "diff-request-refused" in said
    assert """--data-binary '{"kind":"dog"}' http://localhost/pets""" in said


def test_a_removed_operation_is_shown_by_its_request(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = compare(written, OLD.replace("delete:", "x-delete:"))
    said = capsys.readouterr().out

    assert (code, "diff-operation-removed" in said) == (1, True)
    assert "curl -X DELETE http://localhost/pets" in said


def test_a_new_optional_property_of_a_request_is_no_change(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (compare(written, OLD.replace("name: {", "age: {type: integer}, name: {")), capsys.readouterr().out) == (
        0,
        "",
    )


def test_a_change_that_operations_share_is_said_once(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = "requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}"
    put = f"put: {{operationId: replace, {body}, responses: {{'204': {{description: Done}}}}}}"
    shared = OLD.replace("delete: {", f"{put}\n    delete: {{")
    (written / "old.yaml").write_text(shared)
    code = compare(written, shared.replace("[cat, dog]", "[cat]"))
    said = capsys.readouterr().out

    assert code == 1
    assert said.count("diff-request-refused") == 1
    assert "also: PUT /pets" in said
