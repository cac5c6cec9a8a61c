"""Reading things and lists of them. What was answered is kept until it is no longer so."""

from dataclasses import dataclass, field

from mock_server.cache import BoundedCache
from mock_server.generate.pagination import documented_signs, links_of
from mock_server.generate.requested import HERE
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.outline import Outline
from mock_server.serve.answer import STATE, Answer
from mock_server.serve.page_fields import tell_in_fields
from mock_server.serve.ready import ready_answers
from mock_server.serve.state.asked import Asked
from mock_server.serve.state.fitting import plain_ask
from mock_server.serve.state.listing import Plan, make_plan
from mock_server.serve.state.paging import tell_in_body
from mock_server.serve.state.presence import Presence, belongs
from mock_server.serve.state.showing import Showing, is_tagged, tag_of
from mock_server.serve.state.store import Record
from mock_server.spec.model import Location, Parameter
from mock_server.typing import JsonValue


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """Answers what only looks."""

    presence: Presence
    showing: Showing
    _plans: dict[str, Plan] = field(default_factory=dict)
    _things: BoundedCache[tuple[str | bytes, ...], tuple[object, Answer]] = field(default_factory=ready_answers)  # good for a record
    _lists: BoundedCache[tuple[str | bytes, ...], tuple[object, Answer]] = field(default_factory=ready_answers)  # good for a stamp

    def read(self, asked: Asked) -> Answer | None:
        """Answer with a thing."""
        record = self.presence.found(asked)
        if record is None:
            raise self.presence.refusals.absent(asked)
        ready = (asked.deed.operation.id, asked.world, asked.collection, record.key, asked.ask.accept or "", asked.ask.seed_text)
        known = self._things.get(ready)
        has_children = asked.resource.name in self.presence.children
        if known is not None and known[0] is record and not has_children:
            return self.showing.conditional(asked, known[1])
        answer = self.showing.show(asked, record)
        if not has_children:  # which may change without it
            self._things[ready] = record, answer
        return self.showing.conditional(asked, answer)

    def look_through(self, asked: Asked) -> Answer | None:
        """Answer with a list; None where the body is none."""
        self.presence.need_owners(asked)
        self.presence.need_seeds(asked)
        ask, entry = asked.ask, asked.deed.operation.entry
        stamp = self.presence.store.stamp(asked.world, asked.collection)
        path, query = ask.request.path.decode("latin-1"), ask.request.query.decode("latin-1")
        ready = (entry.id, asked.world, ask.seed_text, path, query, ask.accept or "")
        known = self._lists.get(ready)
        has_children = asked.resource.name in self.presence.children
        if known is not None and known[0] == stamp and not has_children:
            return self.showing.conditional(asked, known[1])
        answer = self._listed(asked, path, query)
        if answer is None:
            return None
        if not has_children:
            self._lists[ready] = stamp, answer
        return self.showing.conditional(asked, answer)

    def _listed(self, asked: Asked, path: str, query: str) -> Answer | None:
        fitting = self.showing.fittings.of(asked.resource, asked.deed)
        represented = self.showing.represented(asked, fitting)
        spot = fitting.list_spot(represented)
        if spot is None:
            return None
        page = self._plan(asked).select(self._all(asked), _query(asked))
        shown = [self.presence.completed(asked, record) for record in page.records]
        span = page.span
        links = links_of(span, self._plan(asked).roles, HERE + path, query)
        plain = plain_ask(asked.ask, asked.deed, asked.place.variables, asked.place.values)
        body = fitting.show_all(represented, spot, [(record.key, record.body) for record in shown if record.body is not None], plain)
        signs = documented_signs(fitting.outline(represented), spot.pointer)
        body = tell_in_body(body, spot.pointer, span, links, lambda value: fitting.fits(represented, value), signs)
        answer = fitting.reply.carry(represented, body, STATE + asked.resource.name, asked.ask)
        own = tell_in_fields(asked.deed.chosen.response, span, links)
        own += [(b"etag", tag_of(answer.body).encode())] if is_tagged(asked.deed) else []
        return self.showing.with_fields(asked, asked.deed, answer, own)

    def matching(self, asked: Asked) -> list[Record]:
        """Everything that the filters of a request let through, on whatever page."""
        query = _query(asked)
        return [record for record in self._all(asked) if self._plan(asked).keeps(record, query)]

    def _all(self, asked: Asked) -> list[Record]:
        return [record for record in self.presence.store.all(asked.world, asked.collection) if belongs(asked, record)]

    def _plan(self, asked: Asked) -> Plan:
        operation = asked.deed.operation
        if operation.id not in self._plans:
            kit = self.showing.responder.kit

            def annotate(parameter: Parameter) -> Outline:
                schema = parameter.content.schema if parameter.content is not None else parameter.schema
                return kit.outline(schema, Direction.REQUEST, Purpose.MAKE) if schema is not None else Outline((), {})

            self._plans[operation.id] = make_plan(operation, asked.resource.outline, annotate)
        return self._plans[operation.id]


def _query(asked: Asked) -> dict[str, JsonValue]:
    """The query parameters that were sent, read."""
    return {name: value for (where, name), value in asked.ask.understood.parameters.items() if where is Location.QUERY}
