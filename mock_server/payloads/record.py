"""What is said of one payload."""

from dataclasses import dataclass
from typing import NamedTuple

import orjson

from mock_server.exchange.message import Request
from mock_server.pointer import format_pointer
from mock_server.schema.assertions import Assertion
from mock_server.typing import JsonObject, JsonValue, Pointer


class Written(NamedTuple):
    """A payload that was made as JSON."""

    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """One payload of a plan."""

    number: int
    rule: str
    kind: str
    operation: str
    direction: str
    status: str  # empty for requests
    media_type: str  # empty for parameters
    part: str  # `body`, or a parameter as in `query:limit`
    keyword: str
    pointer: Pointer
    place: str  # in the document
    valid: bool
    breaks: tuple[Assertion, ...]
    exact: bool
    combines: tuple[str, ...]  # rules, where several meet in one payload
    made: JsonValue | Written  # of the part
    request: Request  # that the part belongs to, or that the response answers

    @property
    def value(self) -> JsonValue:
        """The payload as a value."""
        return orjson.loads(self.made.text) if isinstance(self.made, Written) else self.made

    def described(self) -> JsonObject:
        """Everything about the payload but the payload."""
        out: JsonObject = {
            "number": self.number,
            "rule": self.rule,
            "kind": self.kind,
            "operation": self.operation,
            "direction": self.direction,
        }
        if self.status:
            out["status"] = self.status
        if self.media_type:
            out["mediaType"] = self.media_type
        if self.part != "body":
            out["part"] = self.part
        out |= {"keyword": self.keyword, "pointer": format_pointer(self.pointer), "place": self.place, "valid": self.valid}
        if not self.valid:
            out["breaks"] = [{"keyword": found.keyword, "pointer": format_pointer(found.instance)} for found in self.breaks]
            if not self.exact:
                out["unavoidable"] = True
        if self.combines:
            out["combines"] = list(self.combines)
        return out
