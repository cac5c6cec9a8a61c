"""Logins hold, renew and read grants."""

import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.contract.login.grant import Grant, find_grant
from mock_server.contract.login.logins import Login, Logins, placeholder
from mock_server.errors import LoginError
from mock_server.exchange.message import Request, Response


class Clock:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def logging_in(*grants: Grant) -> tuple[Login, Clock, list[Grant | None]]:
    """A login that gives these, one after the other, and what it was called with."""
    clock, calls, left = Clock(), list[Grant | None](), list(grants)

    def obtain(held: Grant | None) -> Grant:
        calls.append(held)
        return left.pop(0)

    return Login("a", obtain, clock), clock, calls


def test_a_grant_is_renewed_before_it_ends() -> None:
    """A fifth of its time before, and half a minute at most."""
    login, clock, calls = logging_in(Grant(("one",), seconds=2.0), Grant(("two",), seconds=1000.0), Grant(("three",)))

    assert login.current() == ("one",)
    clock.now = 1.59
    assert login.current() == ("one",)
    clock.now = 1.61
    assert login.current() == ("two",)
    clock.now = 971
    assert login.current() == ("two",)
    clock.now = 972
    assert login.current() == ("three",)
    clock.now = 1e9
    assert login.current() == ("three",)
    assert [held.values for held in calls if held is not None] == [("one",), ("two",)]


def test_what_another_thread_renewed_is_not_renewed_again() -> None:
    login, _, calls = logging_in(Grant(("one",)), Grant(("two",)))
    login.enter()

    assert login.renew_after(("one",))
    assert login.renew_after(("one",))
    assert len(calls) == 2


@given(st.text(), st.binary(), st.lists(st.tuples(st.binary(), st.binary())))
def test_a_request_without_placeholders_is_not_touched(
    query: str, body: bytes, fields: list[tuple[bytes, bytes]]
) -> None:
    login, _, _ = logging_in(Grant(("secret",)))
    login.enter()
    request = Request("GET", b"/", query.encode(), tuple(fields), body)

    assert Logins([login]).reveal(request) == request


def test_a_placeholder_in_a_body_or_a_path_is_no_secret() -> None:
    """A provider may send it back, and what is learned from answers is sent again."""
    login, _, _ = logging_in(Grant(("se cret",)))
    login.enter()
    name = placeholder(0, 0).encode()
    request = Request("GET", b"/" + name, b"a=" + name, ((b"x", b"Bearer " + name),), name)
    filled = Logins([login]).reveal(request)

    assert filled == Request("GET", b"/" + name, b"a=se%20cret", ((b"x", b"Bearer se cret"),), name)


def jwt(claims: object) -> str:
    """A JSON Web Token with a signature of nobody."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "c2ln"])


def answer(value: object, *fields: tuple[bytes, bytes]) -> Response:
    return Response(200, ((b"content-type", b"application/json"), *fields), json.dumps(value).encode())


@pytest.mark.parametrize("claims", [{"exp": True}, {"exp": "soon"}, {"exp": 1}, {"exp": 1e400}, [], "x", {}])
def test_a_jwt_that_says_no_time_is_renewed_after_a_401_only(claims: object) -> None:
    assert find_grant(answer({"token": jwt(claims)}), None).seconds is None


def test_a_jwt_says_how_long_it_is_good() -> None:
    seconds = find_grant(answer({"token": jwt({"exp": time.time() + 100})}), None).seconds

    assert seconds is not None
    assert 90 < seconds <= 100
    assert find_grant(answer({"token": jwt({"exp": 1}), "expires_in": "60"}), None).seconds == 60


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "", "\u00e9", "x" * 70_000, 7, ["a"], None])
def test_a_token_that_can_not_be_sent_is_refused(token: object) -> None:
    with pytest.raises(LoginError):
        find_grant(answer({"token": token}), "/token")


def test_cookies_that_are_deleted_are_not_sent() -> None:
    cookies = [(b"set-cookie", value) for value in (b"a=1; Path=/", b"b=2; Max-Age=0", b"c=; Path=/", b"none")]

    assert find_grant(answer({}, *cookies), "cookies") == Grant(("1",), ("a",), are_cookies=True)
    with pytest.raises(LoginError, match="no cookie b"):
        find_grant(answer({}, *cookies), "cookie:b")
