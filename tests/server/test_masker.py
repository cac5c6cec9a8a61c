"""The path of a request in the log."""

from hypothesis import given
from hypothesis import strategies as st

from mock_server.exchange.message import Request
from mock_server.server.masker import Masker

PIECES = st.sampled_from(
    (b"pets", b"not%20a%20valid%20value", b"caf%C3%A9-1234", b"%2e%2e", b"%zz", b"%", b"4711-long-id")
)


@given(pieces=st.lists(PIECES, max_size=4))
def test_a_path_with_escapes_is_logged_and_the_server_goes_on(pieces: list[bytes]) -> None:
    """A server hung for ever, at full load, once a path held an escape in a long piece."""
    path = b"/" + b"/".join(pieces)
    masker = Masker(())
    request = Request("GET", path, b"", (), b"")

    assert masker.path(request) == masker.path(request) == path.decode()


def test_a_secret_that_a_path_repeats_in_escapes_is_masked() -> None:
    request = Request("GET", b"/pets/hunter%3212345", b"", ((b"authorization", b"Bearer hunter212345"),), b"")

    assert "hunter" not in Masker(()).path(request)
