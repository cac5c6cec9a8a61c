"""
The examples phase: what the document shows is sent as it is shown, and the answers say which things there are.

Operations are asked in an order in which the earlier ones help the later: collections before things, reading before
changing, deleting last.
"""

from collections.abc import Iterator
from functools import partial

from mock_server.contract.checks.acceptance import check_example, check_supported
from mock_server.contract.knowledge.things import KnownObject
from mock_server.contract.model import Exchanged
from mock_server.contract.phases.resources import (
    ask_with_made_up_credentials,
    create_thing,
    find_thing,
    may_be_mended,
    probe_thing,
    reach,
    remember,
)
from mock_server.contract.session import Session
from mock_server.document.document import template_names
from mock_server.document.model import MISSING, Entry
from mock_server.generate.request import RequestDraft

_METHODS = ("GET", "POST", "HEAD", "OPTIONS", "QUERY", "PUT", "PATCH", "DELETE", "TRACE")
_MOST = 10  # of an operation


def in_order(entries: tuple[Entry, ...]) -> list[Entry]:
    """Return the operations in the order in which they are asked."""
    ranks = {method: index for index, method in enumerate(_METHODS)}
    return sorted(
        entries,
        key=lambda entry: (
            entry.method == "DELETE",
            len(template_names(entry.template)),
            ranks.get(entry.method, len(ranks)),
        ),
    )


def send_examples(session: Session) -> None:
    """Send the documented examples of an operation, or one good request where there are none."""
    thing = _thing(session)
    reached, last = False, None
    for index, (draft, what, documented) in enumerate(_drafts(session)):
        if index >= _MOST:
            return
        exchanged, thing = probe_thing(session, draft, thing, partial(_send, session, what))
        if exchanged is None:
            continue
        exchanged = ask_with_made_up_credentials(session, exchanged) or exchanged
        reached, last = reached or exchanged.accepted, exchanged
        remember(session, exchanged)
        for verdict in check_supported(session, exchanged):
            session.note(verdict, exchanged)
        for verdict in check_example(session, exchanged) if documented else ():
            session.note(verdict, exchanged)
        if session.subject.operation.method == "DELETE" and exchanged.accepted and thing is not None:
            thing = _thing(session)
    if not reached and last is not None and may_be_mended(last):
        _reach(session, thing, last)


def _reach(session: Session, thing: KnownObject | None, refused: Exchanged) -> None:
    """Look for a request that is accepted, where the first ones were refused."""
    what = "what is required, as the refusal asks"
    exchanged = reach(
        session, lambda draft: _send(session, what, session.fill_path(draft, thing), thing), refused=refused
    )
    if exchanged is not None and exchanged.accepted:
        remember(session, exchanged)


def _send(session: Session, what: str, draft: RequestDraft, thing: KnownObject | None) -> Exchanged | None:
    return session.probe(draft, what, known=session.knows(draft, thing))


def _thing(session: Session) -> KnownObject | None:
    if session.subject.operation.method == "DELETE" and session.run.options.mutating:
        return create_thing(session, salt=90)
    return find_thing(session)


def _drafts(session: Session) -> Iterator[tuple[RequestDraft, str, bool]]:
    """Yield the examples as drafts, in words, and whether each is a documented one as a whole."""
    operation = session.subject.operation
    base = session.draft()
    if base.missing:
        return
    shown = 0
    for media in operation.request_body.content if operation.request_body is not None else ():
        for example in media.examples:
            if example.value is not MISSING:
                shown += 1
                if example.key:
                    name = f"the example {example.key!r}"
                else:
                    name = "the example"
                yield base.with_body(example.value, media), f"{name} of the body", True
    for parameter in operation.parameters:
        for example in parameter.examples[1:] if parameter.required else parameter.examples:
            if example.value is not MISSING:
                shown += 1
                if example.key:
                    name = f"the example {example.key!r}"
                else:
                    name = "the example"
                key = (parameter.location, parameter.name)
                yield base.with_parameter(key, example.value), f"{name} of {parameter.name!r}", False
    if not shown:
        yield base, "what is required", False
