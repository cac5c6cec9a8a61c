"""Each planted defect is found by the right check at the right place, and nothing is said of providers that are right."""

import pytest

from mock_server.contract.api import make_api
from mock_server.contract.checks.table import CHECKS
from mock_server.contract.knowledge.memory import Memory
from mock_server.contract.plan import make_plan
from mock_server.contract.run import Options, Run, RunOutOfTime
from mock_server.contract.runner import Report, Runner
from mock_server.contract.transport.http import Received, Sender, TransportFault
from mock_server.exchange.message import Request, Response
from tests.defects.charging import Charging
from tests.defects.providers import HABITS, Ask, Projects, Provider, Reply, Untidy
from tests.defects.running import QUICK, document_of, names, run
from tests.defects.table import DEFECTS, Defect, on, set_

# Levels that don't make a run fail: what is found by these is a warning.
WARNINGS = {"undocumented_property"}


def told(report: Report) -> list[str]:
    return [f"{i.check} {i.finding.operation} {i.finding.message}" for i in report.incidents if not i.doubtful]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_found_by_its_check_at_its_place(defect: Defect) -> None:
    hurried = {"seconds": 0.6} if defect.check == "max_response_time" else {}
    report = run(defect.make(), phases=QUICK, **hurried)
    found = [incident for incident in report.incidents if names(defect, incident)]

    assert found, told(report)
    assert all(incident.is_red for incident in found) is (defect.check not in WARNINGS)


def test_every_check_finds_a_defect() -> None:
    assert {defect.check for defect in DEFECTS} == CHECKS.keys()
    assert len({defect.name for defect in DEFECTS}) == len(DEFECTS) >= 60


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("provider", [Projects, Charging])
def test_nothing_is_said_of_a_tidy_provider(provider: type[Provider], seed: int) -> None:
    report = run(provider(), seed=seed)

    assert told(report) == []
    assert report.warnings == ()
    assert report.interrupted == ""


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "habits", [*({habit} for habit in HABITS), set(HABITS)], ids=lambda habits: "-".join(sorted(habits))[:30]
)
def test_nothing_red_is_said_of_an_untidy_provider(habits: set[str], seed: int) -> None:
    report = run(Untidy(frozenset(habits)), seed=seed, phases=QUICK)

    assert [incident.finding.message for incident in report.red] == []


def test_what_was_created_is_deleted_again() -> None:
    provider = Projects()
    report = run(provider)
    deleted, created = report.cleaned

    assert deleted == created > 0
    assert {id_ for id_ in provider.projects if id_ not in provider.deleted} == {1, 2, 3}


def test_without_leave_nothing_is_changed() -> None:
    provider = Projects()
    asked: list[str] = []
    provider.spoil = lambda own, ask, reply: asked.append(ask.method) or reply  # type: ignore[func-returns-value]
    report = run(provider, mutating=False)

    assert set(asked) <= {"GET", "HEAD", "OPTIONS", "TRACE"}
    assert {entry.method for entry in report.skipped} == {"POST", "PUT", "DELETE"}


@pytest.mark.parametrize("workers", [1, 4])
def test_the_same_seed_sends_the_same_cases_in_the_same_order(workers: int) -> None:
    def sent(count: int) -> list[tuple[str, str, bytes, bytes]]:
        report = run(Projects(), seed=5, phases=("examples", "coverage"), mutating=False, workers=count)
        return [
            (e.probe.operation, e.probe.request.method, e.probe.request.path, e.probe.request.query)
            for e in report.exchanges
        ]

    assert sent(workers) == sent(1)


@pytest.mark.parametrize("seed", range(3))
def test_workers_that_change_things_do_not_disturb_each_other(seed: int) -> None:
    """Who deletes deletes what it created, when nobody reads any more."""

    def cases(report: Report) -> list[tuple[str, str]]:
        return [(exchanged.probe.operation, exchanged.probe.what) for exchanged in report.exchanges]

    beside, alone = (run(Projects(), seed=seed, phases=QUICK, workers=count) for count in (4, 1))

    assert told(beside) == []
    assert cases(beside) == cases(alone)


def test_a_finding_has_the_same_id_in_every_run() -> None:
    first, second = ({incident.id for incident in run(DEFECTS[0].make(), phases=QUICK).incidents} for _ in range(2))

    assert first == second != set()


def test_another_seed_sends_other_cases() -> None:
    def bodies(seed: int) -> set[bytes]:
        return {exchanged.probe.request.body for exchanged in run(Projects(), seed=seed, phases=QUICK).exchanges}

    assert bodies(1) != bodies(2)


def test_the_request_that_is_shown_is_small() -> None:
    defect = next(defect for defect in DEFECTS if defect.name == "500 for a name of the greatest length")
    shown = next(i for i in run(defect.make(), phases=QUICK).incidents if names(defect, i))

    assert shown.exchanged.probe.request.body.count(b'":') == 3  # name, owner, priority: what is required


def test_the_phases_of_fuzzing_find_what_coverage_does_not() -> None:
    def breaks(own: Provider, ask: object, reply: object) -> object:
        limit = ask.query.get("limit", "")  # type: ignore[attr-defined]
        if limit.isdigit() and 20 < int(limit) < 45:
            reply.status = 500  # type: ignore[attr-defined]
        return reply

    report = run(Projects(breaks), phases=("fuzzing",), mutating=False, max_examples=400)  # type: ignore[arg-type]
    shown = next(incident for incident in report.red if incident.check == "not_a_server_error")

    assert shown.exchanged.probe.request.query == b"limit=21"


def test_a_redirect_that_leads_in_a_circle_is_said() -> None:
    spoil = on("GET", "/status", set_(status=302, headers={"location": "/v1/status"}))
    report = run(Projects(spoil), phases=("examples",), mutating=False)

    assert "response-redirect-circular" in {incident.finding.rule for incident in report.red}


def test_a_redirect_that_leads_somewhere_is_followed() -> None:
    def lead(own: Provider, ask: Ask, reply: Reply) -> Reply:
        if ask.path == "/status" and "slash" not in ask.query:
            return Reply(307, headers={"location": "/v1/status?slash=1"}, body=b"")
        return reply

    assert told(run(Projects(lead), phases=("examples",), mutating=False)) == []


def test_when_the_time_is_over_what_was_found_is_reported() -> None:
    report = run(Projects(), max_time=0.0)

    assert (report.interrupted, report.sent) == ("the time is over", 0)


def test_who_plans_looks_at_the_clock() -> None:
    """The steps from a large body may be thousands."""
    document = document_of(Projects())
    entry = next(entry for entry in document.entries if entry.id == "createProject")
    subject = make_api(document, "/v1", 0).subject(entry, lambda parameter: ())
    assert subject is not None

    def tick() -> None:
        raise RunOutOfTime

    with pytest.raises(RunOutOfTime):
        make_plan(subject, subject.drafter.draft(full=True), tick)


def test_an_api_that_goes_away_ends_the_run() -> None:
    class Leaving(Sender):
        """Answers three times, and is gone."""

        origin = "http://leaving.invalid"
        left = 3

        def send(self, request: Request) -> Received:
            self.left -= 1
            return Received(Response(200, [], b"")) if self.left >= 0 else Received(None, TransportFault.UNREACHABLE)

        def close(self) -> None:
            """Nothing to close."""

    document = document_of(Projects())
    api = make_api(document, "/v1", 0)
    report = Runner(Run(api, Leaving(), Options(), Memory(document, api.router, "/v1")), document.entries).report()

    assert report.interrupted == "the API stopped answering"
    assert report.sent < 20
