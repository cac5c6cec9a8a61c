"""
Pairs of documents: false alarms, misses, and recursion without end; many are after an issue of oasdiff.

A file has what holds, the issue's number, the verdict, and the part of two documents that differs: `where` says of
what. `notes` are the rules of what is noted as well. A witness is judged again here, by the `jsonschema` package and by
the judges of whole messages.
"""

from pathlib import Path
from typing import Any

import pytest

from mock_server.cli.main import main
from mock_server.diff.compare import compare_documents
from mock_server.diff.model import DiffVerdict
from mock_server.diff.policy import MessagePolicy
from mock_server.document.document import Document
from mock_server.document.read import read_document
from mock_server.document.yaml import decode_yaml, encode_yaml
from mock_server.findings import RULES
from mock_server.settings import Settings

PAIRS = sorted((Path(__file__).parent / "pairs").glob("*.yaml"))
NOTES = {
    "diff-default-changed",
    "diff-deprecated",
    "diff-known-value-removed",
    "diff-link-changed",
    "diff-login-moved",
    "diff-object-closed",
    "diff-property-dropped",
    "diff-sunset-early",
}
OK = {"200": {"description": "Fine"}}


def read_yaml(path: Path) -> Any:
    return decode_yaml(path.read_text())[0]


def answer(**more: Any) -> dict[str, Any]:
    return {"200": {"description": "Fine", **more}}


def content(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def make_document(where: str, part: Any, schemas: Any) -> dict[str, Any]:
    """Put the part that differs into a whole document: of `document` it has everything but the title."""
    if where == "document":
        return {"openapi": "3.1.0", "info": {"title": "Pair", "version": "1.0.0"}, **part}
    if where == "swagger":
        body = [{"name": "body", "in": "body", "schema": {"type": "string"}}]
        answers = {"200": {"description": "Fine", "schema": {"type": "string"}}}
        written = {"operationId": "do", "parameters": body, "responses": answers}
        paths = {"/things": {"post": written}}
        return {"swagger": "2.0", "info": {"title": "Pair", "version": "1.0.0"}, "paths": paths, **part}
    sent = {"post": {"requestBody": content(part), "responses": OK}}
    operations: dict[str, Any] = {
        "request": {"requestBody": content(part), "responses": OK},
        "response": {"responses": answer(**content(part))},
        "links": {"responses": answer(links={"next": part})},
        "header": {"responses": answer(headers={"X-Thing": part})},
        "callback": {"callbacks": {"done": {"{$request.query.url}": sent}}, "responses": OK},
        "webhook": {"responses": OK},
        "operation": {"responses": OK, **(part if where == "operation" else {})},
    }
    operation = operations.get(where) or {"parameters": [{"name": "thing", "in": where, **part}], "responses": OK}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pair", "version": "1.0.0"},
        "paths": {"/things": {"post": {"operationId": "do", **operation}}},
        **({"webhooks": {"happened": sent}} if where == "webhook" else {}),
        "components": {"schemas": schemas or {}},
    }


def write_pair(pair: dict[str, Any], folder: Path) -> tuple[Path, Path]:
    paths = folder / "old.yaml", folder / "new.yaml"
    for path in paths:
        schemas = pair.get("schemas", {}).get(path.stem)
        path.write_text(encode_yaml(make_document(pair["where"], pair[path.stem], schemas)))
    return paths


def read_pair(path: Path, folder: Path) -> tuple[dict[str, Any], Document, Document]:
    pair = read_yaml(path)
    old, new = write_pair(pair, folder)
    return pair, read_document(str(old), Settings()), read_document(str(new), Settings())


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_pair_has_its_verdict(path: Path, tmp_path: Path) -> None:
    pair, old, new = read_pair(path, tmp_path)
    policy = MessagePolicy(open_world="--open-world" in pair.get("flags", ()))
    compared = compare_documents(old, new, Settings(), policy=policy)
    red = [change for change in compared.changes if change.is_red]
    verdict = next(
        (v for v in (DiffVerdict.BREAKING, DiffVerdict.UNKNOWN) if any(change.verdict is v for change in red)),
        DiffVerdict.COMPATIBLE,
    )

    assert verdict.value == pair["verdict"], red
    assert {change.rule for change in red} == ({pair["rule"]} if "rule" in pair else set())
    assert all(change.witness is not None and change.witness.reasons for change in red)
    noted = {change.rule for change in compared.changes if not change.is_red}
    assert noted & NOTES == set(pair.get("notes", ())), compared.changes


def test_there_are_enough_pairs() -> None:
    rules = {read_yaml(path).get("rule") for path in PAIRS} - {None}

    assert len(PAIRS) >= 45
    assert rules <= RULES.keys()


def test_the_command_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = write_pair(read_yaml(PAIRS[0].with_name("explode-changes.yaml")), tmp_path)

    assert main(["diff", str(old), str(new)]) == 1
    assert "what stands for" in capsys.readouterr().out
