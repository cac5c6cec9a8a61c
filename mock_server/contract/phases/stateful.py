"""
The stateful phase: the lives of things. Created, read, changed, read again, deleted, gone; and what links lead to.

Which operation does what is told from methods and templates: POST to `/pets` creates what `/pets/{petId}` names. A
provider may need a moment to agree with itself, so what is missing, or still there, is looked for again before it is
said.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from mock_server.contract.knowledge.observed import json_of, things_in
from mock_server.contract.knowledge.templates import is_listing, shape_of
from mock_server.contract.knowledge.things import KnownObject
from mock_server.contract.model import Exchanged, Intent, Probe, Verdict
from mock_server.contract.phases.resources import call_otherwise, create, find_creator, remember
from mock_server.contract.redirects import follow_location
from mock_server.contract.renamed import find_renamed
from mock_server.contract.run import Run
from mock_server.contract.session import PATIENCE, Session, is_ours
from mock_server.document.document import template_names
from mock_server.document.model import MISSING, Entry, Link, Missing, ParameterLocation
from mock_server.errors import UndefinedSerialization
from mock_server.exchange.expressions import ExpressionContext, evaluate
from mock_server.generate.request import RequestDraft
from mock_server.json_values import JsonObject, JsonValue
from mock_server.judges.response import ResponseJudge
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.sites import Site

_PHASE = "stateful"
_SALT = 500
_GONE = frozenset((404, 410))
_HIDDEN = frozenset((401, 403, 404, 410))
_SOFTLY = re.compile(
    r"delet|archiv|remov|inactiv|activ|cancel|status|state|disabled|enabled|closed|trash", re.IGNORECASE
)
_CREATED = 201
_MOST_VARIANTS = 12  # members of enumerations that are created and read back, of one kind of thing
_LEAST_CHANGED = 2  # properties that have to show a change before its loss is said


@dataclass(eq=False, repr=False)
class Lives:
    """The stateful phase of one run; not used by several threads."""

    run: Run
    sessions: dict[str, Session] = field(default_factory=dict)
    alive: list[KnownObject] = field(default_factory=list)  # to be deleted when everything else is done

    def live(self, template: str) -> None:
        """Lead one thing through its life, but for its end."""
        made = create(self.run, template, _PHASE, _SALT, keep=self._take)
        if made is None:
            return
        thing, created, session = made
        creator = self.sessions[session.subject.entry.id]
        self._location(created, creator)
        before = self._read(thing, created)
        self._links(created, creator.subject.entry)
        if before is not None:
            self._links(before, self._entry("GET", template) or creator.subject.entry)
            thing = self._change(thing, before)
            self._variants(creator, created)
        self._stranger(thing, created)
        self.alive.append(thing)

    def end(self) -> None:
        """Delete the things, the last first: what is inside of another one goes before it."""
        while self.alive:
            self._delete(self.alive.pop())

    def follow(self, entry: Entry, exchanged: Exchanged) -> None:
        """Ask again for what was answered before, and follow its links."""
        session = self._session(entry)
        if session is not None and self._has_links(entry):
            self._links(session.send(replace(exchanged.probe, phase=_PHASE, known=False)), entry)

    def _has_links(self, entry: Entry) -> bool:
        subject = self.run.subject(entry)
        return subject is not None and any(response.links for response in subject.operation.responses)

    def _take(self, session: Session) -> Session:
        """Return the session of an operation in this phase; a new one is remembered, a second one is taken in."""
        known = self.sessions.get(session.subject.entry.id)
        if known is None:
            self.sessions[session.subject.entry.id] = session
            return session
        if known is not session:
            known.absorb(session)
            known.accepted += session.accepted
            for status, count in session.refusals.items():
                known.refusals[status] = known.refusals.get(status, 0) + count
            known.looked.update(session.looked)
        return known

    def _session(self, entry: Entry | None) -> Session | None:
        if entry is None or not self.run.may_send(entry):
            return None
        subject = self.run.subject(entry)
        if subject is not None:
            return self._take(self.sessions.get(entry.id) or Session(self.run, subject, _PHASE))
        return None

    def _entry(self, method: str, template: str) -> Entry | None:
        entries = self.run.api.document.entries
        shape = shape_of(template)
        return next((e for e in entries if e.method == method and shape_of(e.template) == shape), None)

    def _read(self, thing: KnownObject, created: Exchanged) -> Exchanged | None:
        """Read what was created."""
        session = self._session(self._entry("GET", thing.template))
        if session is None:
            return None
        read = self._wait_for(session, thing, "reading what was created", lambda status: status not in _HIDDEN)
        if read is None:
            return None
        if read.status in _GONE:
            read = call_otherwise(session, thing, lambda: self._ask(session, thing)) or read
        session.look("ensure_resource_availability")
        if read.status in _GONE:
            message = f"{read.status} to reading what was created a moment ago"
            finding = session.finding("response-created-unavailable", message)
            session.note(Verdict("ensure_resource_availability", finding), read, (created,))
            return None
        if read.accepted:
            self._kept(session, created, read, "created")
            return read
        return None

    def _location(self, created: Exchanged, creator: Session) -> None:
        """Go where the Location of what was created leads, within the origin. RFC 9110, section 10.2.2."""
        response, request = created.received.response, created.probe.request
        asked = follow_location(request, response, self.run.sender.origin) if created.status == _CREATED else None
        if asked is None:
            return
        probe = Probe(created.probe.operation, asked, Intent.DOUBTFUL, _PHASE, "where Location leads")
        for pause in (0.0, *PATIENCE):
            self.run.sleep(pause)
            found = creator.ask(probe)
            if found.status not in _GONE or is_ours(found.received):
                return
        message = f"Location leads to {found.status}: {asked.target[:200]}"
        finding = creator.finding("response-link-broken", message, instance=("headers", "location"))
        creator.note(Verdict("ensure_resource_availability", finding, cause=("location",)), found, (created,))

    def _wait_for(
        self, session: Session, thing: KnownObject, what: str, wanted: Callable[[int], bool]
    ) -> Exchanged | None:
        """Ask until the status is a wanted one, for a while; judge the last answer."""
        draft = session.fill_path(session.draft(), thing)
        try:
            request = session.subject.write(draft)
        except UndefinedSerialization:
            return None
        if draft.missing or session.subject.classify(request).intent is not Intent.CONFORMING:
            return None
        received = self.run.exchange(request)
        for pause in PATIENCE:
            if wanted(received.response.status if received.response is not None else 0) or is_ours(
                received
            ):  # it is never late
                break
            self.run.sleep(pause)
            received = self.run.exchange(request)
        return session.take(
            Probe(session.subject.entry.id, request, Intent.CONFORMING, _PHASE, what, draft=draft), received
        )

    def _change(self, thing: KnownObject, before: Exchanged) -> KnownObject:
        """Change it by every documented method, and read it again; gives it under the name that it has then."""
        for method in ("PUT", "PATCH"):
            session = self._session(self._entry(method, thing.template))
            if session is None:
                continue
            changed = self._changed(session, thing, before)
            reader = self._session(self._entry("GET", thing.template))
            if changed is None or not changed.accepted or reader is None:
                continue
            thing = find_renamed(session, thing, changed) or thing
            read = self._wait_for(reader, thing, "reading what was changed", lambda status: status not in _HIDDEN)
            if read is not None and read.status in _GONE:
                message = f"{read.status} to reading what was changed a moment ago"
                finding = reader.finding("response-created-unavailable", message)
                by_name = reader.subject.entry.id in self.run.memory.called  # which the change may have given a new one
                verdict = Verdict("ensure_resource_availability", finding, doubtful=by_name)
                reader.note(verdict, read, (before, changed))
            elif read is not None and read.accepted:
                self._kept(session, changed, read, "changed", before)
        return thing

    def _changed(self, session: Session, thing: KnownObject, before: Exchanged) -> Exchanged | None:
        """Change it; once more with other values, where too few of them differ to say that a change is lost."""
        last: Exchanged | None = None
        for salt in (_SALT + 1, _SALT + 2, _SALT + 3):
            draft = session.fill_path(session.draft(salt), thing)
            changed = session.probe(draft, "changing what was created", known=True) if not draft.missing else None
            if changed is None or not changed.accepted:
                continue
            last, old = changed, self._thing_of(before)
            body = draft.body if isinstance(draft.body, dict) else {}
            if not old or sum(name in old and old[name] != value for name, value in body.items()) >= _LEAST_CHANGED:
                break
        return last

    def _kept(
        self, session: Session, written: Exchanged, read: Exchanged, verb: str, before: Exchanged | None = None
    ) -> None:
        """
        Of what was written, something has to show.

        At least two properties that differ, and none of them as written.
        """
        if written.probe.draft is not None:
            sent = written.probe.draft.body
        else:
            sent = MISSING
        old = self._thing_of(before) if before is not None else None
        if not isinstance(sent, dict) or written.status == 202:  # noqa: PLR2004 - Accepted: later
            return
        shared = _lost(sent, self._thing_of(read), old)
        for pause in PATIENCE if shared and not is_ours(read.received) else ():
            self.run.sleep(pause)
            read = session.ask(read.probe)
            shared = _lost(sent, self._thing_of(read), old)
            if not shared:
                return
        if shared:
            message = f"nothing of what was {verb} shows when it is read again: {', '.join(sorted(shared))}"
            session.note(
                Verdict("coherence", session.finding("response-value-incoherent", message), cause=("lost",)),
                written,
                (read,),
            )

    def _thing_of(self, exchanged: Exchanged) -> JsonObject:
        body = json_of(exchanged.received.response) if exchanged.received.response is not None else None
        things = things_in(body)
        if len(things) == 1 and isinstance(things[0], dict):
            return things[0]
        return {}

    def _variants(self, creator: Session, created: Exchanged) -> None:
        """Create one more with each member of each enumeration, and see whether it is read back."""
        draft = created.probe.draft
        if draft is None or draft.media is None or draft.media.schema is None or not isinstance(draft.body, dict):
            return
        site = creator.subject.api.kit.outline(draft.media.schema, Direction.REQUEST, Purpose.JUDGE)
        members = [(name, member) for name in draft.body for member in _enumerated(site.member(name))]
        for index, (name, member) in enumerate(members[:_MOST_VARIANTS]):
            fresh = creator.subject.drafter.body(draft.media, _SALT + 10 + index, full=False)
            if isinstance(fresh, dict):
                self._variant(creator, draft.with_body({**draft.body, **fresh, name: member}), name, member)

    def _variant(self, creator: Session, draft: RequestDraft, name: str, member: JsonValue) -> None:
        created = creator.probe(draft, "creating", known=True)
        thing = next(iter(remember(creator, created)), None) if created is not None else None
        reader = self._session(self._entry("GET", thing.template)) if thing is not None else None
        if created is None or thing is None or reader is None:
            return
        self.alive.append(thing)
        read: Exchanged | None = None
        for pause in (0.0, *PATIENCE):
            self.run.sleep(pause)
            read = self._ask(reader, thing)
            found = self._thing_of(read) if read is not None else {}
            if read is None or is_ours(read.received) or (read.accepted and found.get(name, member) == member):
                return
        if read is not None and read.accepted:
            message = f"{name} was created as {member!r}, and is read as {found.get(name)!r}"
            finding = creator.finding("response-value-incoherent", message, instance=("body", name))
            creator.note(Verdict("coherence", finding, cause=("variant",)), created, (read,))

    def _ask(self, session: Session, thing: KnownObject) -> Exchanged | None:
        """Read a thing without judging the answer; None where that can't be asked."""
        draft = session.fill_path(session.draft(), thing)
        try:
            request = session.subject.write(draft)
        except UndefinedSerialization:
            return None
        what = "reading what was created"
        return session.ask(Probe(session.subject.entry.id, request, Intent.CONFORMING, _PHASE, what, draft=draft))

    def _stranger(self, thing: KnownObject, created: Exchanged) -> None:
        """Somebody else must not read it."""
        other = self.run.options.other
        session = self._session(self._entry("GET", thing.template))
        if other is None or session is None or not session.subject.operation.security:
            return
        draft = session.fill_path(session.draft(), thing)
        read = session.probe(
            draft, "somebody else reads what was created", known=True, identity=other, intent=Intent.STRANGER
        )
        if read is not None:
            session.look("cross_tenant_access")
        if read is not None and read.accepted and self._thing_of(read):
            message = f"{read.status} to another identity than the one that created it"
            session.note(
                Verdict("cross_tenant_access", session.finding("response-tenant-crossed", message)), read, (created,)
            )

    def _delete(self, thing: KnownObject) -> None:
        """Delete it; then it is gone, or says that it is deleted."""
        session = self._session(self._entry("DELETE", thing.template))
        if session is None:
            return
        reader = self._session(self._entry("GET", thing.template))
        before = (
            self._wait_for(reader, thing, "reading what is to be deleted", lambda status: status not in _GONE)
            if reader is not None
            else None
        )
        draft = session.fill_path(session.draft(), thing)
        deleted = session.probe(draft, "deleting what was created", known=True) if not draft.missing else None
        if deleted is None or not deleted.accepted:
            return
        if reader is None or before is None or not before.accepted:
            return
        after = self._wait_for(reader, thing, "reading what was deleted", lambda status: status in _HIDDEN)
        if after is not None:
            reader.look("use_after_free")
        if after is None or not after.accepted or _is_softly_deleted(self._thing_of(before), self._thing_of(after)):
            return
        message = f"{after.status} to reading what was deleted a moment ago"
        finding = reader.finding("response-deleted-available", message)
        response = after.received.response
        is_empty = response is not None and json_of(response) in ({}, [])  # nothing of it is shown
        doubtful = is_empty or deleted.status == 202  # noqa: PLR2004 - Accepted: later
        reader.note(Verdict("use_after_free", finding, doubtful=doubtful), after, (deleted,))

    def _links(self, exchanged: Exchanged, entry: Entry) -> None:
        """Follow the documented links of an answer to operations that change nothing."""
        subject, response = self.run.subject(entry), exchanged.received.response
        if subject is None or response is None or not exchanged.accepted:
            return
        documented = subject.operation.find_response(response.status)
        for link in documented.links if documented is not None else ():
            target = self._target(link)
            session = self._session(target) if target is not None and target.method in {"GET", "HEAD"} else None
            if session is not None:
                self._follow(link, session, exchanged, subject.responses)

    def _target(self, link: Link) -> Entry | None:
        if link.operation_id is not None:
            return self.run.api.document.find_entry(link.operation_id)
        pointer = (link.operation_ref or "").rpartition("#/paths/")[2].replace("~1", "/").replace("~0", "~")
        template, _, method = pointer.rpartition("/")
        if template:
            return self._entry(method.upper(), template)
        return None

    def _follow(self, link: Link, session: Session, exchanged: Exchanged, judge: ResponseJudge) -> None:
        origin = self.run.sender.origin
        request = exchanged.probe.request
        response, body = (
            exchanged.received.response,
            exchanged.probe.draft.body if exchanged.probe.draft is not None else MISSING,
        )
        if response is not None:
            answered = judge.read_body(response)
        else:
            answered = MISSING
        around = ExpressionContext(
            origin + request.path.decode("latin-1"), request, response, _variables(exchanged), body, answered
        )
        draft = session.draft()
        for name, expression in link.parameters.items():
            value = evaluate(expression, around)
            key = _key_of(draft, name)
            if isinstance(value, Missing) or key is None:
                return  # what the link needs did not come: whether it had to is for the schema to say
            draft = draft.with_parameter(key, value)
        if draft.missing:
            return
        followed = session.probe(draft, f"following the link {link.name!r}", known=False)
        if followed is not None:
            session.look("ensure_resource_availability")
        if followed is None or followed.status not in _GONE or not template_names(session.subject.entry.template):
            return
        for pause in PATIENCE:
            self.run.sleep(pause)
            received = self.run.exchange(followed.probe.request)
            if received.response is not None and received.response.status not in _GONE:
                return
        message = f"the link {link.name!r} leads to {followed.status}"
        finding = session.finding("response-link-broken", message, link.node.place)
        session.note(Verdict("ensure_resource_availability", finding, cause=(link.name,)), followed, (exchanged,))


def _variables(exchanged: Exchanged) -> Mapping[str, str]:
    draft = exchanged.probe.draft
    pairs = draft.parameters.items() if draft is not None else ()
    return {name: str(value) for (location, name), value in pairs if location is ParameterLocation.PATH}


def _key_of(draft: RequestDraft, name: str) -> tuple[ParameterLocation, str] | None:
    """Return the parameter that a link means: `petId`, or `path.petId`."""
    wanted, dot, bare = name.partition(".")
    for parameter in draft.operation.parameters:
        if parameter.name == name or (dot and parameter.location.value == wanted and parameter.name == bare):
            return (parameter.location, parameter.name)
    return None


def _lost(sent: JsonObject, found: JsonObject, old: JsonObject | None) -> set[str]:
    """
    Return the properties that were written and do not show: all that were written, or none.

    Args:
        sent: What was written.
        found: What is read.
        old: What was read before; None where it was created.
    """
    shared = {
        name
        for name, value in sent.items()
        if name in found and isinstance(value, str | int | float) and not isinstance(value, bool)
    }
    shared = {name for name in shared if sent[name] != (old or {}).get(name)}
    lost = {name for name in shared if found[name] != sent[name] and (old is None or found[name] == old.get(name))}
    return shared if len(shared) >= _LEAST_CHANGED and lost == shared else set()


def _enumerated(site: Site) -> list[JsonValue]:
    """Return the members of an enumeration; none where there is no such keyword."""
    members: JsonValue = next((source["enum"] for source in site.sources if "enum" in source), [])
    return members if isinstance(members, list) else []


def _is_softly_deleted(before: JsonObject, after: JsonObject) -> bool:
    """Return whether a thing says that it is deleted: by a property that speaks of it and has changed."""
    changed = [name for name in {*before, *after} if before.get(name) != after.get(name)]
    return any(_SOFTLY.search(name) or _speaks(after.get(name)) for name in changed)


def _speaks(value: JsonValue) -> bool:
    return isinstance(value, str) and bool(_SOFTLY.search(value))


def things_with_lives(run: Run) -> list[str]:
    """Return the templates of the things that can be created."""
    templates = dict.fromkeys(
        run.memory.item_template(entry.template)
        for entry in run.api.document.entries
        if entry.method == "POST" and not is_listing(entry.template)
    )
    return [template for template in templates if template is not None and find_creator(run, template) is not None]
