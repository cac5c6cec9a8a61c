"""
Callbacks: what the provider sends, received by our own listener and judged like any request.

A callback is tried where the document says that its URL comes from the request's body or query, and where the API can
reach us: it runs in this process or on this host, or the user says where we listen. That none comes says nothing: it
may be sent another day.

Webhooks: what the provider sends without being asked, received by our own listener and judged like any request.

Nobody but the user can tell the provider where to send them: to `/webhooks/<name>` below the URL of the listener, or
to any other path of it, where what comes is taken for the webhook that it fits best.
"""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.model import Exchanged, Intent, Probe, Verdict
from mock_server.contract.phases.resources import find_thing, remember
from mock_server.contract.run import Run
from mock_server.contract.session import Session
from mock_server.contract.transport.http import Received
from mock_server.contract.transport.listener import Listener
from mock_server.document.model import Callback, Entry, Missing, ParameterLocation
from mock_server.errors import SchemaError
from mock_server.exchange.message import Request, Response
from mock_server.findings import Finding, Level
from mock_server.generate.edges.steps import apply_step
from mock_server.generate.request import RequestDraft
from mock_server.json_values import parse_pointer
from mock_server.judges.request import RequestJudge
from mock_server.schema.dialect import Direction, Purpose

CALLBACKS: Final = "/callbacks/"  # how their paths begin
_WAIT = 1.0  # seconds
_IN_BODY = re.compile(r"\{\$request\.body#(/[^}]*)\}")
_IN_QUERY = re.compile(r"\{\$request\.query\.([^}]*)\}")
_HERE: Final = frozenset(("app.invalid", "localhost", "127.0.0.1", "::1"))


def call_back(run: Run, entries: tuple[Entry, ...]) -> list[Session]:
    """Try the callbacks of some operations."""
    if run.listener is None and urlsplit(run.sender.origin).hostname not in _HERE:
        return []
    wanted = [entry for entry in entries if run.may_send(entry) and run.api.document.operation(entry).callbacks]
    if not wanted:
        return []
    sessions = []
    with nullcontext(run.listener) if run.listener is not None else Listener() as listener:
        for entry in wanted:
            subject = run.subject(entry)
            if subject is not None:
                session = Session(run, subject, "stateful")
                sessions.append(session)
                for number, callback in enumerate(subject.operation.callbacks):
                    _try(session, callback, listener, f"{CALLBACKS}{quote(entry.id, safe='')}/{number}")
    return sessions


def _try(session: Session, callback: Callback, listener: Listener, path: str) -> None:
    draft = session.fill_path(session.draft(800), find_thing(session))
    asking = _with_url(draft, callback.expression, listener.url + path)
    exchanged = (
        session.probe(asking, f"asking for the callback {callback.name!r}", known=True) if asking is not None else None
    )
    if exchanged is None or not exchanged.accepted:
        return
    remember(session, exchanged)
    for request in listener.wait(path, _WAIT):
        session.look("callbacks")
        for finding in _judge(session, callback, request):
            session.note(Verdict("callbacks", finding, cause=(callback.name,)), exchanged)


def _with_url(draft: RequestDraft, expression: str, url: str) -> RequestDraft | None:
    """Return the draft with a URL where the expression looks for it."""
    in_body = _IN_BODY.search(expression)
    if in_body is not None and not isinstance(draft.body, Missing):
        return draft.with_body(apply_step(draft.body, parse_pointer(in_body.group(1)), url))
    in_query = _IN_QUERY.search(expression)
    if in_query is not None:
        return draft.with_parameter((ParameterLocation.QUERY, in_query.group(1)), url)
    return None


def _judge(session: Session, callback: Callback, request: Request) -> Iterator[Finding]:
    document = session.run.api.document
    entry = next((entry for entry in callback.entries if entry.method == request.method), None)
    if entry is None:
        known = ", ".join(entry.method for entry in callback.entries)
        message = f"the callback {callback.name!r} came as {request.method}; documented is {known}"
        yield session.finding(
            "callback-request-invalid", message, callback.entries[0].node.place if callback.entries else None
        )
        return
    try:
        judge = RequestJudge(
            document, document.operation(entry), session.run.api.kit.schemas.of(Direction.REQUEST, Purpose.JUDGE)
        )
    except SchemaError:
        return  # said when the document is checked
    for finding in judge.read(request, {}, security=False).findings:
        if finding.level is Level.ERROR and (finding.instance or ("",))[0] != "path":  # which is the URL that we gave
            message = f"the callback {callback.name!r}: {finding.message}"
            yield session.finding("callback-request-invalid", message, finding.place, finding.instance)


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
        judged = [
            (name, subject, _broken(subject, request))
            for name, entry in meant.values()
            if (subject := _subject(run, entry))
        ]
        fitting = [each for each in judged if each[1].entry.method == request.method]
        if not judged:
            continue
        name, subject, broken = min(fitting or judged, key=lambda each: len(each[2]))
        session = sessions.setdefault(subject.entry.id, Session(run, subject, PHASE))
        _note(session, name, request, broken if fitting else [_wrong_method(subject, name, request)])
    return list(sessions.values())


def _subject(run: Run, entry: Entry) -> OperationUnderTest | None:
    return run.api.subject(entry, lambda parameter: ())


def _broken(subject: OperationUnderTest, request: Request) -> list[Finding]:
    judge: RequestJudge = subject.requests
    found = judge.read(request, {}, security=False).findings
    return [finding for finding in found if finding.level is Level.ERROR and (finding.instance or ("",))[0] != "path"]


def _note(session: Session, name: str, request: Request, broken: list[Finding]) -> None:
    probe = Probe(session.subject.entry.id, request, Intent.CONFORMING, PHASE, f"the webhook {name!r}, as it came")
    exchanged = Exchanged(probe, Received(Response(204, (), b"")))
    session.look("callbacks")
    for finding in _worded(session, name, broken):
        session.note(Verdict("callbacks", finding, cause=(name,)), exchanged)


def _worded(session: Session, name: str, broken: list[Finding]) -> Iterator[Finding]:
    for finding in broken:
        yield session.finding(
            "callback-request-invalid", f"the webhook {name!r}: {finding.message}", finding.place, finding.instance
        )


def _wrong_method(subject: OperationUnderTest, name: str, request: Request) -> Finding:
    message = f"it came as {request.method}; documented is {subject.entry.method}"
    return Finding(
        rule="callback-request-invalid", message=message, place=subject.entry.node.place, operation=subject.entry.id
    )
