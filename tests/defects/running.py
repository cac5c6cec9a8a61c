"""Running the tester against a provider of this folder, in process."""

from pathlib import Path

from mock_server import load
from mock_server.contract.api import make_api
from mock_server.contract.knowledge.memory import GivenValues, Memory
from mock_server.contract.model import Incident
from mock_server.contract.run import Options, Run
from mock_server.contract.runner import PHASES, Report, Runner
from mock_server.contract.transport.http import AnswerLimits
from mock_server.contract.transport.in_process import open_app
from mock_server.contract.transport.paced import PacedSender
from mock_server.document.document import Document
from mock_server.judges.identity import Identity
from tests.defects.charging import CHARGING, Charging
from tests.defects.providers import PROJECTS, Provider
from tests.defects.table import Defect

QUICK = ("examples", "coverage", "stateful")
_DOCUMENTS: dict[Path, Document] = {}


def document_of(provider: Provider) -> Document:
    path = CHARGING if isinstance(provider, Charging) else PROJECTS
    if path not in _DOCUMENTS:
        _DOCUMENTS[path] = load(path)
    return _DOCUMENTS[path]


def run(
    provider: Provider,
    *,
    seed: int = 0,
    seconds: float = 5.0,
    phases: tuple[str, ...] = PHASES,
    mutating: bool = True,
    given: GivenValues | None = None,
    **options: object,
) -> Report:
    """Run the tester against a provider, as its owner, with a stranger at hand."""
    document = document_of(provider)
    is_charging = isinstance(provider, Charging)
    api = make_api(document, provider.prefix, seed)
    api.identity = Identity({"apiKey": "key-of-ada", "clientId": "ada"} if is_charging else {"apiKey": "key-of-ada"})
    other = None if is_charging else Identity({"apiKey": "key-of-bob"})
    sender = PacedSender(open_app(provider, AnswerLimits(seconds=seconds, stream_seconds=0.2)))
    settings = Options(mutating=mutating, seed=seed, phases=phases, other=other, **options)  # type: ignore[arg-type]
    made = Run(api, sender, settings, Memory(document, api.router, api.base_path, given or GivenValues()))
    made.sleep = lambda seconds: None  # what comes late comes after some questions, not after some time
    try:
        return Runner(made, document.entries).report()
    finally:
        sender.close()


def names(defect: Defect, incident: Incident) -> bool:
    """Whether an incident is what has to be said of a defect."""
    finding = incident.finding
    ends = ["/".join(finding.place.pointer) if finding.place is not None else "", "/".join(finding.instance or ())]
    is_it = incident.check == defect.check and defect.operation in incident.shown_by and not incident.doubtful
    # where several operations show it, the place is that of the first
    return is_it and (finding.operation != defect.operation or any(end.endswith(defect.where) for end in ends))
