"""`--check-tokens`: operations take tokens of the issuer that are good, and for them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from mock_server.errors import UsageError
from tests.support.issuing import THINGS, Visitor, issuing
from tests.support.servers import Server


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with issuing(tmp_path_factory.mktemp("issuer"), check_tokens=True) as visitor:
        yield visitor


def ask(
    visitor: Visitor, token: str | None, path: str = "/things", method: str = "GET", **headers: str
) -> httpx2.Response:
    given = {"authorization": f"Bearer {token}"} if token is not None else {}
    return visitor.client.request(method, path, headers={**given, **headers})


def test_a_token_with_its_scopes_is_taken(visitor: Visitor) -> None:
    read = visitor.log_in()["access_token"]
    both = visitor.log_in(scope="read write")["access_token"]

    assert ask(visitor, read).status_code == 200
    assert ask(visitor, both, method="POST").status_code == 200
    assert ask(visitor, read, "/bearer").status_code == 200


def test_a_token_without_the_scopes_is_refused_with_403(visitor: Visitor) -> None:
    answer = ask(visitor, visitor.log_in()["access_token"], method="POST")

    assert answer.status_code == 403
    assert answer.headers["www-authenticate"] == (
        'Bearer realm="mock-server", error="insufficient_scope", '
        'error_description="the token lacks the scope write", scope="read write"'
    )
    assert answer.json()["type"] == "urn:mock-server:problem:insufficient-scope"


def test_a_request_without_a_token_is_told_nothing_about_errors(visitor: Visitor) -> None:
    """RFC 6750, section 3: no error code where no authentication information is there."""
    answer = ask(visitor, None)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="login"'


def test_another_alternative_needs_no_token(visitor: Visitor) -> None:
    assert ask(visitor, "made-up", "/keyed", **{"x-key": "1"}).status_code == 200
    assert ask(visitor, "made-up", "/keyed").status_code == 401
    assert ask(visitor, "made-up", "/open").status_code == 200


def test_a_token_that_was_revoked_is_refused(visitor: Visitor) -> None:
    token = visitor.log_in()["access_token"]
    before = ask(visitor, token)
    visitor.client.post("/__issuer/revoke", data={"client_id": "web", "token": token})
    other = visitor.log_in()["access_token"]
    visitor.client.post("/__issuer/revoke", data={"client_id": "somebody-else", "token": other})

    assert (before.status_code, ask(visitor, token).status_code) == (200, 401)
    assert ask(visitor, other).status_code == 200


def test_a_token_for_somebody_else_is_refused(visitor: Visitor) -> None:
    token = visitor.log_in(resource="https://other.example/api")["access_token"]

    assert "another audience" in ask(visitor, token).headers["www-authenticate"]


def test_an_audience_of_the_settings_counts(tmp_path: Path) -> None:
    with issuing(tmp_path, check_tokens=True, issuer={"audience": ["https://api.example.com"]}) as visitor:
        meant = ask(visitor, visitor.log_in()["access_token"])
        other = ask(visitor, visitor.log_in(resource=visitor.origin)["access_token"])

    assert (meant.status_code, other.status_code) == (200, 401)


def test_documented_words_refuse(tmp_path: Path) -> None:
    error = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
    documented = {"description": "No", "content": {"application/json": {"schema": error}}}
    operation = {**THINGS["paths"]["/things"]["get"]}  # type: ignore[index]
    operation["responses"] = {**operation["responses"], "401": documented, "403": documented}
    with issuing(tmp_path, {**THINGS, "paths": {"/things": {"get": operation}}}, check_tokens=True) as visitor:
        wrong = ask(visitor, "made-up")
        lacking = ask(visitor, visitor.log_in(scope="openid")["access_token"])

    assert (wrong.status_code, wrong.json()["message"]) == (401, "it is not signed by this issuer")
    assert (lacking.status_code, lacking.json()["message"]) == (403, "the token lacks the scope read")


def test_without_the_flag_any_token_will_do(tmp_path: Path) -> None:
    with issuing(tmp_path) as visitor:
        assert ask(visitor, "made-up").status_code == 200


def test_tokens_can_not_be_checked_without_an_issuer(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--no-issuer"), issuing(tmp_path, check_tokens=True, issuer=False):
        pass


def test_an_issuer_is_there_where_documents_log_in_or_it_is_asked_for(tmp_path: Path) -> None:
    plain = {**THINGS, "components": {}, "paths": {"/open": THINGS["paths"]["/open"]}}  # type: ignore[index]
    found = []
    for document, settings in ((THINGS, {}), (plain, {}), (plain, {"issuer": True}), (THINGS, {"issuer": False})):
        with issuing(tmp_path, document, **settings) as visitor:
            found.append(visitor.client.get("/__issuer/.well-known/openid-configuration").status_code)

    assert found == [200, 404, 200, 404]


def test_the_banner_says_that_the_tokens_of_its_lines_are_made_up(serve: Callable[..., Server]) -> None:
    """The curl lines have `Bearer token`, which is answered with 401 where tokens are checked."""
    process = serve("--issuer", "--check-tokens").process
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "\n")  # up to the empty line before the operations

    assert any(line.startswith("  tokens        are checked: put one of the issuer") for line in lines)
