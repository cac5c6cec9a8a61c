"""A preference is a row of a table: everything that names preferences goes by it."""

import sys
from collections.abc import Callable
from dataclasses import fields

import pytest

from mock_server.admin.access import Guard
from mock_server.admin.console.site import open_console
from mock_server.admin.coverage import Coverage
from mock_server.docs import TABLES
from mock_server.exchange import prefer
from mock_server.exchange.prefer import PREFERENCES, Preference, PreferenceKind, Preferences
from tests.support.asgi_client import AsgiClient
from tests.support.mocks import minimal, operation

DOCUMENT = minimal({"/plain": {"get": {**operation({"type": "integer"}), "operationId": "plain"}}}, "3.1.0")


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Preference:
    """Add a row, and nothing else."""
    row = Preference("depth", lambda _, value: int(value), PreferenceKind.SHAPES, "nest generated values this deep")
    for name, module in list(sys.modules.items()):
        if name.startswith("mock_server") and getattr(module, "PREFERENCES", None) is PREFERENCES:
            monkeypatch.setattr(module, "PREFERENCES", (*PREFERENCES, row))
    return row


def test_each_row_has_a_member() -> None:
    assert {row.name for row in PREFERENCES} == {member.name for member in fields(Preferences)} - {"given"}
    assert all(prefer.find_preference(row.name) is row for row in PREFERENCES)


def test_an_added_row_is_in_the_form_explanations_the_reference_and_preference_applied(
    admin: Callable[..., AsgiClient], added: Preference
) -> None:
    client = admin(DOCUMENT)
    backend = client.backend  # type: ignore[attr-defined]
    coverage = Coverage(lambda: (mount.responder for mount in backend.mounts), backend.worlds)
    console = AsgiClient(open_console(backend, Guard(), coverage))
    page = console.ask("/__console/operations/0/plain").body.decode()
    answer = client.ask("/plain", headers={"prefer": "depth=2"})
    said = client.ask(
        "/__admin/explain", "POST", json={"method": "GET", "url": "/plain", "headers": {"Prefer": "depth=2"}}
    ).json

    assert '<label for="depth">Depth</label><input id="depth" name="depth"' in page
    assert answer.fields["preference-applied"] == "depth=2"
    assert said["because"].endswith("profile realistic, depth 2")
    assert [(each["name"], each["applied"]) for each in said["preferences"]] == [("depth", True)]
    assert f"| `depth` | {added.help} |" in TABLES["preferences"]()
