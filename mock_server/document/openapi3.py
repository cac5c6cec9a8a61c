"""Reading the objects of OpenAPI 3.0, 3.1 and 3.2 into values of the model."""

from collections.abc import Iterator

from mock_server.document.model import (
    MISSING,
    DocumentedResponse,
    Encoding,
    Example,
    Header,
    Link,
    MediaType,
    Parameter,
    ParameterLocation,
    RequestBody,
    SecurityScheme,
    Style,
)
from mock_server.document.reader import Reader, flag, mapping, text
from mock_server.document.references import Node
from mock_server.json_values import as_object
from mock_server.tokens import is_token

# https://spec.openapis.org/oas/v3.2.0.html#style-values
_STYLES: dict[ParameterLocation, tuple[Style, ...]] = {  # the default first
    ParameterLocation.PATH: (Style.SIMPLE, Style.LABEL, Style.MATRIX),
    ParameterLocation.QUERY: (Style.FORM, Style.SPACE_DELIMITED, Style.PIPE_DELIMITED, Style.DEEP_OBJECT),
    ParameterLocation.HEADER: (Style.SIMPLE,),
    ParameterLocation.COOKIE: (Style.FORM, Style.COOKIE),
    ParameterLocation.QUERYSTRING: (Style.FORM,),
}
# "If in is "header" and the name field is "Accept", "Content-Type" or "Authorization",
# the parameter definition SHALL be ignored."
# Of the others, those that only the sender of a message can set right are no parameters either (RFC 9110 and 9112).
_IGNORED_HEADERS = frozenset(
    ("accept", "content-type", "authorization", "accept-encoding", "connection", "content-encoding", "content-length",
     "expect", "host",
     "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)  # fmt: skip
# Fields that only the server itself can set right (RFC 9110 and 9112).
_FRAMING_HEADERS = frozenset(
    (
        "content-type",
        "content-length",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "date",
        "keep-alive",
        "trailer",
        "upgrade",
    )
)


def parse_parameters(reader: Reader, *holders: Node) -> tuple[Parameter, ...]:
    """
    Read the parameters of a path item and of an operation.

    Args:
        reader: Follows references and collects findings.
        holders: The objects with `parameters`, the outer first: a later one of the same name and place replaces it.
    """
    found: dict[tuple[str, ParameterLocation], Parameter] = {}
    for holder in holders:
        for node in reader.listed(holder, "parameters", "a parameter"):
            parameter = _parse_parameter(reader, node)
            if parameter is not None:
                found[parameter.name, parameter.location] = parameter
    return tuple(found.values())


def may_be_sent(reader: Reader, node: Node, name: str, location: ParameterLocation) -> bool:
    """
    Return True if a parameter is one.

    No header field that is to be ignored or frames the message, and none that can't be named so.
    """
    return location is not ParameterLocation.HEADER or (
        name.lower() not in _IGNORED_HEADERS and _is_field_name(reader, node, name)
    )


def _is_field_name(reader: Reader, node: Node, name: str) -> bool:
    """Return True if a name is a field name, with a finding where it is not. RFC 9110, section 5.1."""
    if is_token(name):
        return True
    reader.malformed(node, f"no header field can be named {name!r}")
    return False


def _parse_parameter(reader: Reader, node: Node) -> Parameter | None:
    name = mapping(node).get("name")
    try:
        location = ParameterLocation(str(mapping(node).get("in")))
    except ValueError:
        reader.malformed(node, f"a parameter's 'in' is {mapping(node).get('in')!r}")
        return None
    if not isinstance(name, str):
        reader.malformed(node, "a parameter has no name")
        return None
    if not may_be_sent(reader, node, name, location):
        return None
    style = parse_style(node, _STYLES[location])
    explode = flag(node, "explode")
    return Parameter(
        name=name,
        location=location,
        required=flag(node, "required") is True or location is ParameterLocation.PATH,
        style=style,
        explode=style in {Style.FORM, Style.COOKIE} if explode is None else explode,
        allow_reserved=flag(node, "allowReserved") is True,
        allow_empty=flag(node, "allowEmptyValue") is True,
        schema=schema_of(node),
        content=next(iter(parse_content(reader, node)), None),
        examples=parse_examples(reader, node),
        deprecated=flag(node, "deprecated") is True,
        node=node,
    )


def parse_style(node: Node, allowed: tuple[Style, ...]) -> Style:
    """Read a style; one that is unknown or does not fit the place is the default, the first of those allowed."""
    try:
        style = Style(str(mapping(node).get("style")))
    except ValueError:
        return allowed[0]
    if style in allowed:
        return style
    return allowed[0]


def schema_of(node: Node, key: str = "schema") -> Node | None:
    """Find the Schema Object under a key: an object or, since 3.1, a boolean."""
    if isinstance(mapping(node).get(key), dict | bool):
        return node.child(key)
    return None


def parse_content(reader: Reader, holder: Node) -> tuple[MediaType, ...]:
    """Read a map of media types."""
    return tuple(
        _parse_media_type(reader, name, node) for name, node in reader.objects(holder, "content", "the content")
    )


def _parse_media_type(reader: Reader, name: str, node: Node) -> MediaType:
    return MediaType(
        name=name,
        schema=schema_of(node),
        item_schema=schema_of(node, "itemSchema"),
        examples=parse_examples(reader, node),
        encoding={
            key: _parse_encoding(reader, encoding) for key, encoding in reader.objects(node, "encoding", "an encoding")
        },
        node=node,
    )


def _parse_encoding(reader: Reader, node: Node) -> Encoding:
    return Encoding(
        content_type=_content_types(text(node, "contentType")),
        headers=parse_headers(reader, node),
        style=parse_style(node, _STYLES[ParameterLocation.QUERY]) if "style" in mapping(node) else None,
        explode=flag(node, "explode"),
        allow_reserved=flag(node, "allowReserved") is True,
    )


def _content_types(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def parse_examples(reader: Reader, holder: Node) -> tuple[Example, ...]:
    """Read `examples`, else `example`; `$ref` has no meaning in their data."""
    named = mapping(holder).get("examples")
    if isinstance(named, dict):
        return tuple(_iter_examples(reader, holder.child("examples")))
    for key in ("example", "x-example"):
        if key in mapping(holder):
            node = holder.child(key)
            return (Example(key=None, value=node.value, node=node),)
    return ()


def _iter_examples(reader: Reader, examples: Node) -> Iterator[Example]:
    for key, child in examples.members():
        node = (
            None
            if key.startswith("x-") and not isinstance(child.value, dict)
            else reader.object(child, f"the example {key!r}")
        )
        if node is None:
            continue
        members = mapping(node)
        value = members.get("value", members.get("dataValue", MISSING))
        serialized = members.get("serializedValue")
        yield Example(
            key=key,
            value=value,
            serialized=serialized if isinstance(serialized, str) else None,
            summary=text(node, "summary") or None,
            node=node.child("value") if "value" in members else node,
        )


def header_objects(reader: Reader, holder: Node) -> Iterator[tuple[str, Node]]:
    """Iterate over a map of headers, without those that only the server can set right, or that can't be named so."""
    for name, node in reader.objects(holder, "headers", "a header"):
        if name.lower() not in _FRAMING_HEADERS and _is_field_name(reader, node, name):
            yield name, node


def parse_headers(reader: Reader, holder: Node) -> tuple[Header, ...]:
    """Read a map of headers; see `header_objects`."""
    return tuple(
        Header(
            name=name,
            required=flag(node, "required") is True,
            explode=flag(node, "explode") is True,
            schema=schema_of(node),
            content=next(iter(parse_content(reader, node)), None),
            examples=parse_examples(reader, node),
            node=node,
        )
        for name, node in header_objects(reader, holder)
    )


def parse_request_body(reader: Reader, operation: Node) -> RequestBody | None:
    """Read the request body of an operation."""
    node = reader.member(operation, "requestBody", "the request body")
    if node is None:
        return None
    return RequestBody(required=flag(node, "required") is True, content=parse_content(reader, node), node=node)


def normal_status(key: str) -> str:
    """Return the key of a response as it is compared: `2xx` is `2XX`."""
    return key if key == "default" else key.upper()


def parse_responses(reader: Reader, operation: Node) -> tuple[DocumentedResponse, ...]:
    """Read the responses of an operation, under normalised keys: `2xx` is `2XX`."""
    return tuple(
        DocumentedResponse(
            status=normal_status(key),
            description=text(node, "description"),
            headers=parse_headers(reader, node),
            content=parse_content(reader, node),
            links=_parse_links(reader, node),
            node=node,
        )
        for key, node in reader.objects(operation, "responses", "the response")
    )


def _parse_links(reader: Reader, response: Node) -> tuple[Link, ...]:
    return tuple(_parse_link(name, node) for name, node in reader.objects(response, "links", "a link"))


def _parse_link(name: str, node: Node) -> Link:
    parameters = mapping(node).get("parameters")
    return Link(
        name=name,
        operation_id=text(node, "operationId") or None,
        operation_ref=text(node, "operationRef") or None,
        parameters=as_object(parameters),
        request_body=mapping(node).get("requestBody", MISSING),
        node=node,
    )


def parse_security_schemes(reader: Reader, components: Node | None) -> dict[str, SecurityScheme]:
    """Read the security schemes of the components."""
    if components is None:
        return {}
    found: dict[str, SecurityScheme] = {}
    for key, node in reader.objects(components, "securitySchemes", "a security scheme"):
        try:
            location = ParameterLocation(str(mapping(node).get("in", "header")))
        except ValueError:
            location = ParameterLocation.HEADER
        found[key] = SecurityScheme(
            key=key,
            type=text(node, "type"),
            name=text(node, "name"),
            location=location,
            scheme=text(node, "scheme").lower(),
            scopes=_read_scopes(node),
            node=node,
        )
    return found


def _read_scopes(scheme: Node) -> tuple[str, ...]:
    """Read the scopes of all flows of an OAuth 2 scheme. OAS 3.1.1, "OAuth Flow Object"."""
    flows = as_object(mapping(scheme).get("flows"))
    each = [as_object(as_object(flow).get("scopes")) for flow in flows.values()]
    return tuple(dict.fromkeys(scope for scopes in each for scope in scopes))
