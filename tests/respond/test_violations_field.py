"""The header field with violations is JSON in ASCII, whatever the violations quote."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from mock_server.exchange.problem import write_violations
from mock_server.findings import Finding

TEXTS = st.text(max_size=20) | st.sampled_from(["ä", "€", "😀", "\x7f", "\n", "é" * 301])


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_the_field_is_json_in_ascii(message: str, instance: list[str]) -> None:
    written = write_violations([Finding("request-body-schema", message, None, tuple(instance))])
    assert written.isascii()
    assert not set(written) & set(range(32))
    (read,) = orjson.loads(written)
    assert read["location"] == ["request", *instance]
    assert read["message"] == (message if len(message) <= 300 else message[:300] + "…")
