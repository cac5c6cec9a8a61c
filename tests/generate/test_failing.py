"""What an error says of its status is the same with every version of Python."""

from http import HTTPStatus

import pytest

from mock_server.generate.realism.errors import find_phrase


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (413, "Content Too Large"),
        (414, "URI Too Long"),
        (416, "Range Not Satisfiable"),
        (422, "Unprocessable Content"),
        (499, ""),
    ],
)
def test_phrases_are_those_of_rfc_9110(status: int, phrase: str) -> None:
    assert find_phrase(status) == phrase


def test_every_registered_status_has_a_phrase() -> None:
    assert all(find_phrase(status) for status in HTTPStatus)
