"""
Callbacks: what the provider sends, received by our own listener and judged like any request.

A callback is tried where the document says that its URL comes from the request's body or query, and where the API can reach
us: it runs in this process or on this host, or the user says where we listen. That none comes says nothing: it may be sent another day.
"""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Final
from urllib.parse import quote, urlsplit

from mock_server.contract.listener import Listener
from mock_server.contract.phases.provision import find_thing, remember
from mock_server.contract.request import RequestJudge
from mock_server.contract.session import Run, Session
from mock_server.contract.verdict import Verdict
from mock_server.errors import SchemaError
from mock_server.exchange.message import Request
from mock_server.finding import Finding
from mock_server.generate.draft import Draft
from mock_server.generate.variants import apply_step
from mock_server.pointer import parse_pointer
from mock_server.rules import Level
from mock_server.schema.dialect import Direction, Purpose
from mock_server.spec.model import Callback, Entry, Location, Missing

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
    draft = session.fill_path(session.subject.drafter.draft(800), find_thing(session))
    asking = _with_url(draft, callback.expression, listener.url + path)
    exchanged = session.probe(asking, f"asking for the callback {callback.name!r}", known=True) if asking is not None else None
    if exchanged is None or not exchanged.accepted:
        return
    remember(session, exchanged)
    for request in listener.wait(path, _WAIT):
        for finding in _judge(session, callback, request):
            session.note(Verdict("callbacks", finding, cause=(callback.name,)), exchanged)


def _with_url(draft: Draft, expression: str, url: str) -> Draft | None:
    """The draft with a URL where the expression looks for it."""
    in_body = _IN_BODY.search(expression)
    if in_body is not None and not isinstance(draft.body, Missing):
        return draft.with_body(apply_step(draft.body, parse_pointer(in_body.group(1)), url))
    in_query = _IN_QUERY.search(expression)
    if in_query is not None:
        return draft.with_parameter((Location.QUERY, in_query.group(1)), url)
    return None


def _judge(session: Session, callback: Callback, request: Request) -> Iterator[Finding]:
    document = session.run.api.document
    entry = next((entry for entry in callback.entries if entry.method == request.method), None)
    if entry is None:
        known = ", ".join(entry.method for entry in callback.entries)
        message = f"the callback {callback.name!r} came as {request.method}; documented is {known}"
        yield session.finding("callback-request-invalid", message, callback.entries[0].node.place if callback.entries else None)
        return
    try:
        judge = RequestJudge(document, document.operation(entry), session.run.api.kit.schemas.of(Direction.REQUEST, Purpose.JUDGE))
    except SchemaError:
        return  # said when the document is checked
    for finding in judge.read(request, {}, security=False).findings:
        if finding.level is Level.ERROR and (finding.instance or ("",))[0] != "path":  # which is the URL that we gave
            message = f"the callback {callback.name!r}: {finding.message}"
            yield session.finding("callback-request-invalid", message, finding.place, finding.instance)
