"""The command `payloads`: what it takes, what it prints, what it refuses."""

import json
from pathlib import Path

import pytest

from mock_server.cli.main import main
from tests.support.paths import DOCUMENT


def ran(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["payloads", *words])
    out, err = capfd.readouterr()
    return code, out, err


def test_a_document_may_stand_alone_or_after_an_operation(capfd: pytest.CaptureFixture[str]) -> None:
    for words in (
        [str(DOCUMENT)],
        ["getAuthorisedUsersForCharger", str(DOCUMENT)],
        ["GET /charger/{chargerId}/users", str(DOCUMENT)],
    ):
        code, out, _ = ran(capfd, *words, "--kind", "invalid", "--status", "400", "--count", "3")

        assert code == 0
        assert [json.loads(line)["number"] for line in out.split("\n") if line] == [0, 1, 2]


def test_an_offset_goes_on_where_a_count_ended(capfd: pytest.CaptureFixture[str]) -> None:
    flags = (str(DOCUMENT), "--kind", "boundary", "--status", "400")
    _, whole, _ = ran(capfd, *flags, "--count", "6")
    _, first, _ = ran(capfd, *flags, "--count", "4")
    _, second, _ = ran(capfd, *flags, "--count", "2", "--offset", "4")

    assert first + second == whole


def test_without_a_count_each_rule_comes_once(capfd: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ran(capfd, str(DOCUMENT), "--status", "400")
    rules = [json.loads(line)["rule"] for line in out.split("\n") if line]

    assert len(rules) == len(set(rules)) > 60
    assert {json.loads(line)["kind"] for line in out.split("\n") if line} == {
        "realistic",
        "boundary",
        "extreme",
        "invalid",
        "incoherent",
        "pairwise",
    } - {"incoherent"}


def test_the_catalogue_is_explained(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ran(capfd, str(DOCUMENT), "--kind", "invalid,boundary", "--explain")

    assert code == 0
    assert "GET /charger/{chargerId}/users 200 application/json" in out
    assert "invalid    Tag/idTag:type:null  body/0/tags/0/idTag: breaks type at body/0/tags/0/idTag" in out
    assert "no payload LocationInfo/latitude:format:malformed: the format 'double' asserts nothing" in out
    assert "(unavoidable)" in out


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--kind", "strange"], "--kind is one of"), (["--direction", "sideways"], "--direction is one of"), (["--format", "docx"], "--format is one of"),
        (["--format", "json"], "--format json needs --out"), (["--format", "parquet"], "--format parquet needs --out"), (["--workers", "2"], "need --out"),
        (["--status", "999"], "no JSON response with a schema for status 999"), (["--media-type", "text/csv"], "media type text/csv"),
        (["--direction", "request", "--kind", "incoherent", "--media-type", "application/xml"], "no request with a schema"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said(capfd: pytest.CaptureFixture[str], flags: list[str], words: str) -> None:
    code, out, err = ran(capfd, str(DOCUMENT), *flags)

    assert (code, out) == (2, "")
    assert words in err


def test_an_unknown_operation_is_said_with_those_there_are(capfd: pytest.CaptureFixture[str]) -> None:
    code, _, err = ran(capfd, "nothing", str(DOCUMENT))

    assert code == 2
    assert "getAuthorisedUsersForCharger" in err


def test_a_folder_with_something_in_it_is_not_written_into(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    code, _, err = ran(capfd, str(DOCUMENT), "--format", "json", "--count", "1", "--out", str(tmp_path))

    assert code == 2
    assert "holds something already" in err


def test_places_that_are_not_looked_at_are_said(capfd: pytest.CaptureFixture[str]) -> None:
    _, _, err = ran(capfd, str(DOCUMENT), "--kind", "invalid", "--status", "200", "--locations", "20")

    assert "places farther from the root were not looked at" in err


def test_an_operation_that_nothing_can_satisfy_is_said_and_the_others_go_on(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = ran(capfd, "tests/corpus/broken.yaml", "--kind", "boundary", "--status", "200")

    assert code == 0
    assert out
    assert "contradict each other" in err


def of_media_type(folder: Path, media: str) -> str:
    content = {media: {"schema": {"type": "object", "required": ["a"]}}}
    paths = {"/a": {"get": {"operationId": "a", "responses": {"200": {"description": "", "content": content}}}}}
    (folder / "openapi.json").write_text(
        json.dumps({"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": paths})
    )
    return str(folder / "openapi.json")


def test_a_document_without_json_is_told_what_there_is(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = ran(capfd, of_media_type(tmp_path, "application/xml"), "--kind", "invalid")

    assert (code, out) == (2, "")
    assert "there is no JSON response with a schema; documented are application/xml: choose with --media-type" in err


@pytest.mark.parametrize("media", ["*/*", "application/*"])
def test_any_media_type_is_taken_for_json(capfd: pytest.CaptureFixture[str], tmp_path: Path, media: str) -> None:
    code, out, _ = ran(capfd, of_media_type(tmp_path, media), "--kind", "invalid", "--count", "1")

    assert (code, json.loads(out)["mediaType"]) == (0, media)
