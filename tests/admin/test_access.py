"""Who may look inside: this machine's own, who has the token, and no page of another origin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.admin.access import Guard, is_loopback
from mock_server.errors import UsageError
from mock_server.server.browser import SESSION
from mock_server.settings import Settings

HERE = (b"host", b"127.0.0.1:4010")


def status(guard: Guard, method: str, *fields: tuple[bytes, bytes]) -> int | None:
    refusal = guard.refuse(method, list(fields))
    return refusal.status if refusal is not None else None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST.", "app.localhost"])
def test_on_this_machine_alone_no_token_is_needed(host: str) -> None:
    assert Guard.of(Settings(host=host)).token is None


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "10.0.0.4", "example.com", "localhost.example.com", "127.0.0.1.example.com", ""]
)
def test_anywhere_else_a_token_is_made_up_and_differs_each_time(host: str) -> None:
    one, other = (Guard.of(Settings(host=host)) for _ in range(2))

    assert not is_loopback(host)
    assert one.made
    assert one.token != other.token
    assert len(one.token or "") >= 32


def test_the_token_that_was_set_is_the_one() -> None:
    guard = Guard.of(Settings(host="0.0.0.0", admin_token="s3cret"))

    assert not guard.made
    assert status(guard, "DELETE", HERE, (b"authorization", b"Bearer s3cret")) is None
    assert status(guard, "GET", HERE) == 401
    assert status(guard, "GET", HERE, (b"authorization", b"Bearer S3cret")) == 401
    assert status(guard, "GET", HERE, (b"authorization", b"Basic s3cret")) == 401


def test_a_refusal_does_not_tell_the_token() -> None:
    guard = Guard(token="s3cret-token")
    refusal = guard.refuse("GET", [HERE])

    assert refusal is not None
    assert b"s3cret" not in refusal.body
    assert "s3cret" not in repr(guard)


@pytest.mark.parametrize("token", ["", "two words", "ümlaut", "line\nbreak"])
def test_a_token_that_can_not_be_sent_is_refused_at_start(token: str) -> None:
    with pytest.raises(UsageError, match="admin-token"):
        Guard.of(Settings(admin_token=token))


@given(st.text(max_size=40))
def test_no_other_text_is_the_token(text: str) -> None:
    assert Guard(token="s3cret").accepts(text) is (text == "s3cret")


def test_the_cookie_of_who_has_shown_the_token_opens_but_does_not_tell_it() -> None:
    guard = Guard(token="s3cret")
    written = guard.set_cookie(secure=True)
    cookie = written.partition(";")[0].encode()

    assert "s3cret" not in written
    assert all(word in written for word in ("HttpOnly", "SameSite=Strict", "Secure"))
    assert status(guard, "GET", HERE, (b"cookie", b"a=b; " + cookie)) is None
    assert status(Guard(token="other"), "GET", HERE, (b"cookie", cookie)) == 401
    assert status(guard, "GET", HERE, (b"cookie", f"{SESSION}=".encode())) == 401


@pytest.mark.parametrize(
    "host", [b"evil.test", b"evil.test:4010", b"127.0.0.1.evil.test", b"", b"[::1", b"192.168.0.7:4010"]
)
def test_a_name_that_was_made_to_lead_here_is_refused(host: bytes) -> None:
    assert status(Guard(), "GET", (b"host", host)) == 403


@pytest.mark.parametrize("host", [b"localhost:4010", b"127.0.0.1", b"[::1]:4010", b"api.localhost:4010"])
def test_names_of_this_machine_are_not(host: bytes) -> None:
    assert status(Guard(), "GET", (b"host", host)) is None


@pytest.mark.parametrize(
    "field",
    [
        (b"origin", b"https://evil.test"),
        (b"origin", b"http://127.0.0.1:3000"),
        (b"origin", b"null"),
        (b"sec-fetch-site", b"cross-site"),
        (b"sec-fetch-site", b"same-site"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_page_of_another_origin_changes_nothing(method: str, field: tuple[bytes, bytes]) -> None:
    guard = Guard(token="s3cret")
    session = (b"cookie", f"{SESSION}={guard.session()}".encode())

    assert status(Guard(), method, HERE, field) == 403
    assert status(guard, method, HERE, field, session) == 403
    assert status(guard, method, HERE, field, (b"authorization", b"Bearer s3cret")) is None


def test_our_own_page_may_change_things() -> None:
    own = (HERE, (b"origin", b"http://127.0.0.1:4010"), (b"sec-fetch-site", b"same-origin"))

    assert status(Guard(), "POST", *own) is None
