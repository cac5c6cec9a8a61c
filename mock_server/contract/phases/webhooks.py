"""
Webhooks: what the provider sends without being asked, received by our own listener and judged like any request.

Nobody but the user can tell the provider where to send them: to `/webhooks/<name>` below the URL of the listener, or to any
other path of it, where what comes is taken for the webhook that it fits best.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from mock_server.contract.listener import Listener
from mock_server.contract.probe import Exchanged, Intent, Probe
from mock_server.contract.request import RequestJudge
from mock_server.contract.session import Run, Session
from mock_server.contract.subject import Subject
from mock_server.contract.transport import Received
from mock_server.contract.verdict import Verdict
from mock_server.exchange.message import Request, Response
from mock_server.finding import Finding
from mock_server.rules import Level
from mock_server.spec.model import Entry

PHASE: Final = "webhooks"
_PREFIX: Final = "/webhooks/"


def judge_webhooks(run: Run, listener: Listener, callbacks: str) -> list[Session]:
    """
    Judge what came to the listener.

    Args:
        run: The run.
        listener: Of the whole run.
        callbacks: How the paths of callbacks begin, which are judged elsewhere.
    """
    webhooks = {entry.id: (webhook.name, entry) for webhook in run.api.document.webhooks for entry in webhook.entries}
    sessions: dict[str, Session] = {}
    for request in listener.arrived() if webhooks else ():
        path = unquote(request.path.decode("latin-1"))
        if path.startswith(callbacks):
            continue
        named = path.removeprefix(_PREFIX).rstrip("/") if path.startswith(_PREFIX) else None
        meant = {id_: pair for id_, pair in webhooks.items() if named in {None, pair[0]}} or webhooks
        judged = [(name, subject, _broken(subject, request)) for name, entry in meant.values() if (subject := _subject(run, entry))]
        fitting = [each for each in judged if each[1].entry.method == request.method]
        if not judged:
            continue
        name, subject, broken = min(fitting or judged, key=lambda each: len(each[2]))
        session = sessions.setdefault(subject.entry.id, Session(run, subject, PHASE))
        _note(session, name, request, broken if fitting else [_wrong_method(subject, name, request)])
    return list(sessions.values())


def _subject(run: Run, entry: Entry) -> Subject | None:
    return run.api.subject(entry, lambda parameter: ())


def _broken(subject: Subject, request: Request) -> list[Finding]:
    judge: RequestJudge = subject.requests
    found = judge.read(request, {}, security=False).findings
    return [finding for finding in found if finding.level is Level.ERROR and (finding.instance or ("",))[0] != "path"]


def _note(session: Session, name: str, request: Request, broken: list[Finding]) -> None:
    probe = Probe(session.subject.entry.id, request, Intent.CONFORMING, PHASE, f"the webhook {name!r}, as it came")
    exchanged = Exchanged(probe, Received(Response(204, (), b"")))
    for finding in _worded(session, name, broken):
        session.note(Verdict("callbacks", finding, cause=(name,)), exchanged)


def _worded(session: Session, name: str, broken: list[Finding]) -> Iterator[Finding]:
    for finding in broken:
        yield session.finding("callback-request-invalid", f"the webhook {name!r}: {finding.message}", finding.place, finding.instance)


def _wrong_method(subject: Subject, name: str, request: Request) -> Finding:
    message = f"it came as {request.method}; documented is {subject.entry.method}"
    return Finding(rule="callback-request-invalid", message=message, place=subject.entry.node.place, operation=subject.entry.id)
