"""Refusing what can't be done with what is there, in the document's words."""

from dataclasses import dataclass

from mock_server.exchange import problem
from mock_server.exchange.negotiate import choose_failure
from mock_server.exchange.problem import Problem
from mock_server.finding import Finding
from mock_server.serve.respond import Responder
from mock_server.serve.state.asked import Asked, Refused
from mock_server.serve.state.fitting import Unfit
from mock_server.serve.state.patching import PatchError


@dataclass(frozen=True, slots=True, eq=False)
class Refusals:
    """Words refusals."""

    responder: Responder

    def absent(self, asked: Asked) -> Refused:
        """The thing that is meant is not there."""
        return self.missing(asked, f"there is no {asked.noun}" + (f" {asked.key!r}" if asked.key else ""))

    def missing(self, asked: Asked, detail: str) -> Refused:
        """Something is not there."""
        return self._refused(asked, (404, 410), problem.NOT_THERE, "request-state-absent", detail)

    def conflict(self, asked: Asked, detail: str) -> Refused:
        """What is asked for contradicts what is there."""
        return self._refused(asked, (409,), problem.CONFLICT, _CONFLICT, detail)

    def changed(self, asked: Asked, tag: str) -> Refused:
        """Somebody else changed it."""
        return self._refused(asked, (412,), problem.PRECONDITION_FAILED, _CONFLICT, f"the {asked.noun} has changed: it is {tag} now")

    def unpatchable(self, asked: Asked, error: PatchError) -> Exception:
        """A patch can't be applied: a documented refusal, else no answer from state. RFC 5789, section 2.2."""
        statuses = (409, 422, 400) if error.conflict else (400, 422, 409)
        if error.result:
            statuses = (422, 400, 409)
        if choose_failure(asked.deed.operation, statuses) is None:
            return Unfit(str(error))
        return self._refused(asked, statuses, problem.UNPROCESSABLE, _CONFLICT, str(error))

    def _refused(self, asked: Asked, statuses: tuple[int, ...], kind: Problem, rule: str, detail: str) -> Refused:
        operation = asked.deed.operation
        where = ("path", asked.deed.variable) if asked.deed.variable is not None else ("body",)
        finding = Finding(rule=rule, message=detail, place=operation.entry.node.place, instance=where, operation=operation.id)
        return Refused(self.responder.fail(operation, asked.ask, statuses, kind, finding))


_CONFLICT = "request-state-conflict"
