"""Where the two documents come from: a URL, standard input; and documents that nobody here wrote, each against itself."""

import io
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from mock_server.cli.main import main
from mock_server.diff.compare import compare_documents
from mock_server.document.read import read_document
from mock_server.settings import Settings
from tests.diff.test_documents import OLD

SPECS = Path(__file__).resolve().parents[2].parent / "shared" / "specs"
NARROWED = OLD.replace("[cat, dog]", "[cat]")
REAL = (
    "swagger-api-swagger-petstore/openapi.yaml",
    "Azure-autorest.testserver-swagger-url/url.json",
    "OAI-learn.openapis.org-petstore-separate-swagger/spec/swagger.json",
    "bump-sh-examples-train-travel-api/openapi.yaml",
    "matrix-org-matrix-spec-client-server-pushrules/pushrules.yaml",
)


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and writes no log."""

    def log_message(self, *args: object) -> None:
        """Write nothing."""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "old.yaml").write_text(OLD)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "served"))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def feed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_the_old_document_comes_from_a_url(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "new.yaml").write_text(NARROWED)

    assert main(["diff", f"{url}/old.yaml", str(tmp_path / "new.yaml")]) == 1
    assert "diff-request-refused" in capsys.readouterr().out


def test_a_url_that_has_no_document_is_said(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "new.yaml").write_text(NARROWED)

    assert main(["diff", f"{url}/none.yaml", str(tmp_path / "new.yaml")]) == 2
    assert "none.yaml" in capsys.readouterr().err


def test_the_new_document_comes_from_standard_input(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(monkeypatch, NARROWED)

    assert main(["diff", f"{url}/old.yaml", "-"]) == 1
    assert "    + -:" in capsys.readouterr().out


def test_both_documents_from_standard_input_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(monkeypatch, OLD)

    assert main(["diff", "-", "-"]) == 2
    assert "stdin" in capsys.readouterr().err


@pytest.mark.parametrize("name", REAL)
def test_a_real_document_against_itself_is_silent(name: str) -> None:
    one, other = (read_document(str(SPECS / name), Settings()) for _ in range(2))
    compared = compare_documents(one, other, Settings())

    assert (compared.changes, compared.differing) == ((), 0)
    assert compared.operations > 0


def test_a_folder_of_a_commit_is_told_from_a_file_and_a_branch_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "openapi.yaml").write_text(OLD)
    monkeypatch.chdir(tmp_path)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "First")):
        subprocess.run(["git", *words], check=True, timeout=60)
    said = {}
    for source in ("HEAD:api", "HEAD:nothing.yaml", "nowhere:api/openapi.yaml"):
        assert main(["diff", source, "api/openapi.yaml"]) == 2
        said[source] = capsys.readouterr().err

    assert "is a folder; name a file in it" in said["HEAD:api"]
    assert "there is no such file in HEAD" in said["HEAD:nothing.yaml"]
    assert "git knows no branch, tag or commit 'nowhere'" in said["nowhere:api/openapi.yaml"]
