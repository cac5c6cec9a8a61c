"""What a field of the request asks for is no fault, though nobody documented it. RFC 9110, sections 13.1 and 14.2."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.providing import report_on


def red(tmp_path: Path, field: str, status: int, *, always: bool) -> list[str]:
    """What is found of a provider that answers with a status where a field is sent, or always."""

    async def app(scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http":
            return
        is_asked = any(name == field.lower().encode() for name, _ in scope["headers"])
        answered = status if always or is_asked else 200
        await send(
            {"type": "http.response.start", "status": answered if scope["method"] == "GET" else 405, "headers": []}
        )
        await send({"type": "http.response.body", "body": b""})

    parameters = [{"name": field, "in": "header", "schema": {"type": "string", "pattern": "^[a-z]{1,8}$"}}]
    paths = {"/things": {"get": {"parameters": parameters, "responses": {"200": {"description": ""}}}}}
    report = report_on(app, paths, tmp_path)
    assert any(exchanged.status == status for exchanged in report.exchanges)
    return [incident.finding.message for incident in report.red]


@pytest.mark.parametrize(
    ("field", "status"),
    [
        ("If-Match", 412),
        ("If-Unmodified-Since", 412),
        ("If-None-Match", 304),
        ("If-Modified-Since", 304),
        ("Range", 416),
    ],
)
def test_an_answer_that_a_field_asked_for_is_no_fault(tmp_path: Path, field: str, status: int) -> None:
    assert red(tmp_path, field, status, always=False) == []
    assert any(f"the status {status} is not documented" in told for told in red(tmp_path, field, status, always=True))


def test_another_field_asks_for_nothing(tmp_path: Path) -> None:
    assert any("the status 412 is not documented" in told for told in red(tmp_path, "X-Match", 412, always=False))
