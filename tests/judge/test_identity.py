"""Credentials: given on the command line, read from the environment, and shown nowhere."""

import base64

import pytest

from mock_server import load
from mock_server.errors import UsageError
from mock_server.exchange.message import Request, Response
from mock_server.exchange.secrets.known import MASKED
from mock_server.judges.identity import Identity, make_identity, make_mask, restore
from tests.support.paths import ROOT

PROJECTS, QUERIES = load(ROOT / "tests" / "defects" / "projects.yaml"), load(ROOT / "openapi.yaml")
SCHEMES, QUERY = PROJECTS.schemes, QUERIES.schemes


def test_a_secret_comes_from_the_environment() -> None:
    identity = make_identity(("X-Tenant: ${TENANT}",), ("apiKey=${KEY}",), SCHEMES, {"KEY": "k-1", "TENANT": "t"})

    assert identity == Identity({"apiKey": "k-1"}, ((b"x-tenant", b"t"),))


@pytest.mark.parametrize(
    ("headers", "auth", "words"),
    [
        ((), ("apiKey=${NONE}",), "NONE is not set"),
        (("no colon",), (), "Name: value"),
        ((), ("unknown=1",), "schemes are apiKey, bearer"),
    ],
)
def test_what_can_not_be_read_is_said(headers: tuple[str, ...], auth: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make_identity(headers, auth, SCHEMES, {})


def test_a_mask_takes_secrets_out_of_everything() -> None:
    mask = make_mask((Identity({"apiKey": "s3cret!"}, ((b"authorization", b"Bearer abcd.efgh"),)),), PROJECTS)
    fields = ((b"authorization", b"Bearer abcd.efgh"), (b"x-api-key", b"s3cret!"), (b"x-echo", b"was s3cret!"))
    request = mask.request(Request("GET", b"/s3cret!", b"key=s3cret%21", fields, b"abcd.efgh"))
    response = mask.response(Response(200, ((b"set-cookie", b"a=b"),), base64.b64encode(b"s3cret!")))
    shown = repr((request, response)) + mask.text("it is s3cret!")

    assert not any(secret in shown for secret in ("s3cret", "abcd.efgh", "a=b", base64.b64encode(b"s3cret!").decode()))
    assert MASKED in shown


def test_a_masked_request_is_sent_again_with_its_secrets() -> None:
    identity = Identity({"apiKey": "s3cret"})
    request = Request("GET", b"/a", b"", ((b"x-api-key", b"s3cret"),), b"")

    assert restore(make_mask((identity,), PROJECTS).request(request), identity, SCHEMES) == request


def test_a_masked_query_is_sent_again_with_its_secret() -> None:
    identity = Identity({"apiKey": "s3cret"})
    request = Request("GET", b"/a", b"code=s3cret&x=1", (), b"")

    assert restore(make_mask((identity,), QUERIES).request(request), identity, QUERY) == request
