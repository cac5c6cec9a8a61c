"""What is said once, and what is not said at all, where an answer leaves room."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.contract.causes import group_incidents
from mock_server.contract.model import Exchanged, Incident, Intent, Probe
from mock_server.contract.transport.http import Received
from mock_server.exchange.media_type import is_same_media_type
from mock_server.exchange.message import Request, Response
from mock_server.findings import Finding, Place

RULES = ("response-status-undocumented", "response-server-error", "response-auth-ignored")
DOCUMENTED = st.sampled_from(("200", "200, 404", "201, 400"))


def incident(operation: str, rule: str = RULES[0], documented: str = "200", status: int = 418) -> Incident:
    request = Request("GET", b"/", b"", (), b"")
    probe = Probe(operation, request, Intent.CONFORMING, "coverage", "")
    message = f"the status {status} is not documented; documented are {documented}"
    finding = Finding(rule=rule, message=message, operation=operation)
    exchanged = Exchanged(probe, Received(Response(status, (), b"")))
    return Incident(f"{operation}-{rule}-{status}", "status_code_conformance", finding, exchanged, doubtful=False)


made = st.builds(incident, st.sampled_from("abcdef"), st.sampled_from(RULES), DOCUMENTED, st.sampled_from((404, 418)))


@given(st.lists(made, max_size=12, unique_by=lambda each: each.id))
def test_grouping_loses_no_operation_and_no_id(incidents: list[Incident]) -> None:
    grouped = group_incidents(incidents)

    assert sorted(member.id for each in grouped for member in each.members) == sorted(each.id for each in incidents)
    assert sum(each.seen for each in grouped) == sum(each.seen for each in incidents)
    assert all(each.finding.operation in each.shown_by for each in grouped)
    assert group_incidents(grouped) == grouped


def test_one_undocumented_status_at_many_operations_is_one_finding() -> None:
    first, *others = group_incidents([incident("a"), incident("b", documented="200, 404"), incident("c")])

    assert (first.shown_by, others) == (("a", "b", "c"), [])


def moment(operation: str, place: str, message: str) -> Incident:
    made = incident(operation, "response-body-schema")
    where = Place("openapi.yaml", ("components", "schemas", place))
    finding = made.finding._replace(message=message, place=where, instance=("body", place))
    return replace(made, id=f"{operation}-{place}-{message}", finding=finding)


def test_moments_in_another_writing_are_one_finding_whatever_schema_they_are_of() -> None:
    """A serializer that leaves the offset out is one mistake: RFC 3339 has it required."""
    grouped = group_incidents(
        [
            moment("a", "created", 'the body at /created: "2026-12-01T00:59:02.260920" is not a "date-time"'),
            moment(
                "b",
                "seen",
                'the body at /x: {} is not valid … (nearest alternative: "2027-11-30T23:46:49" is not a "date-time")',
            ),
            moment("c", "due", 'the body at /due: "tomorrow" is not a "date-time"'),
            moment("d", "born", 'the body at /born: "2026-12-01T00:00:00" is not a "date"'),
        ]
    )

    assert [each.shown_by for each in grouped] == [("a", "b"), ("c",), ("d",)]


def test_server_errors_of_two_operations_stay_two_findings() -> None:
    both = [incident("a", "response-server-error", status=500), incident("b", "response-server-error", status=500)]

    assert group_incidents(both) != group_incidents(both[:1])
    assert len(group_incidents(both)) == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("application/json;charset=UTF-8", 'Application/JSON; charset="utf-8"', True),
        ("text/html; a=1; b=2", "text/html;b=2;a=1", True),
        ("text/html; a=B", "text/html; a=b", False),
        ("text/html", "text/plain", False),
        ("text/html; charset=utf-8", "text/html", False),
    ],
)
def test_media_types_are_compared_as_they_are_meant(one: str, other: str, *, same: bool) -> None:
    assert is_same_media_type(one, other) is is_same_media_type(other, one) is same
