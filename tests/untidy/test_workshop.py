"""An untidy provider: nothing red is said of it where it is right, and all that is where it is wrong."""

from functools import lru_cache

import pytest

from mock_server import load
from mock_server.contract.api import make_api
from mock_server.contract.knowledge.memory import Memory
from mock_server.contract.model import Incident
from mock_server.contract.run import Options, Run
from mock_server.contract.runner import PHASES, Report, Runner
from mock_server.contract.transport.http import AnswerLimits
from mock_server.contract.transport.in_process import open_app
from mock_server.contract.transport.paced import PacedSender
from mock_server.document.document import Document
from mock_server.judges.identity import Identity
from tests.untidy.workshop import DOCUMENT, PLANTED, Planted, Workshop

ALL = frozenset(planted.name for planted in PLANTED)


@lru_cache(maxsize=1)
def document() -> Document:
    return load(DOCUMENT)


def run(provider: Workshop, seed: int) -> Report:
    """Test the workshop as its owner."""
    api = make_api(document(), provider.prefix, seed)
    api.identity = Identity({"apiKey": "key-of-ada"})
    sender = PacedSender(open_app(provider, AnswerLimits(seconds=5.0)))
    made = Run(
        api, sender, Options(mutating=True, seed=seed, phases=PHASES), Memory(document(), api.router, api.base_path)
    )
    made.sleep = lambda seconds: None
    try:
        return Runner(made, document().entries).report()
    finally:
        sender.close()


def says(planted: Planted, incident: Incident) -> bool:
    """Return whether an incident is what has to be said of a planted defect."""
    finding = incident.finding
    text = f"{finding.message} {'/'.join(finding.instance or ())}"
    return incident.check == planted.check and planted.operation in incident.shown_by and planted.says in text


def told(incidents: list[Incident]) -> list[str]:
    return [f"{i.check} {i.shown_by} {i.finding.message} {i.exchanged.probe.request.target}" for i in incidents]


@pytest.mark.parametrize("seed", range(2))
def test_nothing_red_is_said_of_a_provider_that_is_only_untidy(seed: int) -> None:
    assert told(list(run(Workshop(), seed).red)) == []


@pytest.mark.parametrize("seed", range(2))
def test_all_planted_defects_are_found_at_once_and_nothing_else_is_red(seed: int) -> None:
    report = run(Workshop(ALL), seed)
    certain = [incident for incident in report.incidents if not incident.doubtful]

    missed = [planted.name for planted in PLANTED if not any(says(planted, incident) for incident in certain)]
    others = [i for i in report.red if not any(says(planted, i) for planted in PLANTED)]
    assert (missed, told(others)) == ([], [])


ONCE = {
    "an instance that asks for no credentials": lambda i: i.check == "ignored_auth",
    "the fields of one failing oneOf": lambda i: i.check == "response_schema_conformance" and "getReport" in i.shown_by,
    "bodies of responses without content": lambda i: i.finding.rule == "response-content-undocumented",
}


@lru_cache(maxsize=1)
def wrong_everywhere() -> tuple[Incident, ...]:
    return run(Workshop(ALL), 0).incidents


@pytest.mark.parametrize("cause", ONCE)
def test_what_one_cause_does_at_many_operations_is_said_once(cause: str) -> None:
    assert sum(map(ONCE[cause], wrong_everywhere())) == 1


def test_the_operations_of_one_cause_are_listed() -> None:
    everywhere = next(incident for incident in wrong_everywhere() if incident.check == "ignored_auth")

    assert len(everywhere.shown_by) > 5


def test_nothing_that_others_own_is_touched() -> None:
    provider = Workshop(ALL)
    before = {slug: tool.now for slug, tool in provider.store.tools.items()}
    run(provider, 0)

    assert {slug: provider.store.tools[slug].now for slug in before} == before
