"""
Judging what a consumer expects, in a Pact file, by a document: the bi-directional contract.

Its requests are judged like any other. Of an answer it names what it reads: that has to be documented, and to be what
the document allows, with whatever else an answer holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mock_server.contract.checks.exchange import iter_unknown_properties
from mock_server.contract.pact import Interaction, covers
from mock_server.document.model import DocumentedResponse, Missing, Operation
from mock_server.document.references import Node
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.exchange.message import Response, find_field
from mock_server.findings import Finding, Place
from mock_server.json_values import JsonValue, Pointer
from mock_server.judges.body import find_content
from mock_server.judges.response import ResponseJudge
from mock_server.schema.bundle import Bundle, Schemas
from mock_server.schema.partial import find_written, loosen
from mock_server.schema.sites import site_of
from mock_server.schema.validate import Validator

_MOST_FOUND: Final = 100
# Fields that every answer may have, whether or not they are documented.
_USUAL_FIELDS: Final = frozenset(
    (b"accept-ranges", b"age", b"cache-control", b"connection", b"content-encoding", b"content-language",
     b"content-length", b"content-type", b"date", b"etag", b"expires", b"keep-alive", b"last-modified", b"location",
     b"server", b"transfer-encoding", b"vary", b"via")
)  # fmt: skip
_CORS: Final = b"access-control-"


@dataclass(eq=False, repr=False)
class ExpectationJudge:
    """Judges what consumers expect of the answers of one operation."""

    operation: Operation
    schemas: Schemas  # of responses, as JUDGE reads them
    _compiled: dict[tuple[str, Pointer], tuple[Bundle, Validator]] = field(default_factory=dict)

    def judge(self, interaction: Interaction, response: Response) -> Iterator[Finding]:
        """
        Judge an expected answer.

        Raises:
            UnusableSchema: a schema that is needed can't be compiled.
        """
        documented = self.operation.find_response(response.status)
        if documented is None:
            known = ", ".join(each.status for each in self.operation.responses) or "none"
            message = f"the expected status {response.status} is not documented; documented are {known}"
            yield self._finding(
                "expectation-status-undocumented", message, self.operation.entry.node.place, ("status",)
            )
            return
        yield from self._headers(documented, response)
        written = find_field(response.fields, b"content-type")
        if not response.body and (written is None or not documented.content):
            return
        content = find_content(documented.content, written)
        if content is None:
            known = ", ".join(media.name for media in documented.content) or "none"
            message = (
                f"the expected media type {written!r} of {response.status} is not documented; documented are {known}"
            )
            place = documented.node.place
            yield self._finding("expectation-media-type-undocumented", message, place, ("headers", "content-type"))
        elif not isinstance(interaction.body, Missing) and is_json(parse_media_type(content.name)):
            if content.schema is not None:
                yield from self._body(content.schema, interaction, interaction.body)
        elif response.body and written is not None and content.schema is not None:
            judge = ResponseJudge(self.operation, self.schemas)
            found = judge.judge(Response(response.status, [(b"content-type", written.encode())], response.body))
            wrong = (each for each in found if each.rule.startswith("response-body"))
            yield from (each._replace(rule="expectation-body-schema") for each in wrong)

    def _finding(self, rule: str, message: str, place: Place, instance: Pointer) -> Finding:
        return Finding(rule, message, place, instance, self.operation.id)

    def _headers(self, documented: DocumentedResponse, response: Response) -> Iterator[Finding]:
        known = {header.name.lower().encode("latin-1", "replace"): header for header in documented.headers}
        judge = ResponseJudge(self.operation, self.schemas)
        for name, value in response.fields:
            shown = name.decode("latin-1")
            if name in known:
                found = judge.judge_header(known[name], value.decode("latin-1"))
                yield from (each._replace(rule="expectation-header-schema") for each in found)
            elif name not in _USUAL_FIELDS and not name.startswith(_CORS):
                message = f"the expected header {shown!r} of {response.status} is not documented"
                place = documented.node.place
                yield self._finding("expectation-header-undocumented", message, place, ("headers", shown))

    def _body(self, schema: Node, interaction: Interaction, body: JsonValue) -> Iterator[Finding]:
        bundle, validator = self._compile(schema)
        for violation in validator.check(body, _MOST_FOUND):
            where = "/".join(violation.instance)
            message = f"the expected body{' at /' + where if where else ''}: {violation.message}"
            place = bundle.locate(find_written(bundle.schema, violation.path))
            yield self._finding("expectation-body-schema", message, place, ("body", *violation.instance))
        for pointer, name in iter_unknown_properties(site_of(bundle), body):
            if not covers(interaction.free, pointer[:-1]):
                message = f"the expected body at /{'/'.join(pointer)}: the property {name!r} is not documented"
                yield self._finding("expectation-property-undocumented", message, schema.place, ("body", *pointer))

    def _compile(self, schema: Node) -> tuple[Bundle, Validator]:
        if schema.key not in self._compiled:
            bundle = self.schemas.bundle(schema)
            loosened = Bundle(loosen(bundle.schema), bundle.node, bundle.origins, bundle.excludes, bundle.steps)
            self._compiled[schema.key] = (bundle, Validator(loosened))
        return self._compiled[schema.key]
