"""A path that is seen at a glance to have no secrets is one that has none."""

import base64

from hypothesis import example, given
from hypothesis import strategies as st

from mock_server.exchange.secrets.mask import NO_MASK, Mask

# A template of no path, so that each segment is looked at.
SLOW = Mask(templates=("/{password}/of/a/path/that/is/longer/than/any/other/one/in/these/tests",))
SEGMENTS = st.sampled_from(
    ["users", "token", "reset", "apiKey", "EMABLER_Charger12345", "123456789012", "a1b2c3d4", "sk-0123456789abcdef012345",
     "AKIAABCDEFGHIJKLMNOP", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "0f8fad5b-d9cb-469f-a165-70867728950e", "",
     "Zm9vQmFyQmF6UXV4MTIzNDU2Nzg5MA", "x" * 300, "a%20b", "user:pass@host", "a=b"]
) | st.text("abcXYZ019._~-", max_size=40) | st.text("ab=:@%+ ", min_size=1, max_size=8).map(
    lambda text: base64.urlsafe_b64encode(f"password={text}".encode()).decode().rstrip("=")
)  # fmt: skip


@given(st.lists(SEGMENTS, min_size=1, max_size=4))
@example(["password", "hunter2hunter2"])
@example(["cGFzc3dvcmQ9aHVudGVyMg"])
def test_both_ways_mask_the_same(segments: list[str]) -> None:
    path = ("/" + "/".join(segments)).encode()

    assert NO_MASK.path(path) == SLOW.path(path)


def test_what_follows_a_telling_name_is_masked() -> None:
    assert NO_MASK.path(b"/users/EMABLER_Charger12345/sessions") == b"/users/EMABLER_Charger12345/sessions"
    assert NO_MASK.path(b"/password/a1b2c3d4") == b"/password/[masked]"
    assert NO_MASK.path(b"/cGFzc3dvcmQ9aHVudGVyMg/x") == b"/[masked]/x"
