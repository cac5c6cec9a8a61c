"""Reading the objects of Swagger 2.0 into the same model: body and form parameters become a request body."""

from mock_server.document.model import (
    DocumentedResponse,
    Encoding,
    Example,
    Header,
    MediaType,
    Parameter,
    ParameterLocation,
    RequestBody,
    SecurityScheme,
    Style,
)
from mock_server.document.openapi3 import header_objects, may_be_sent, normal_status, parse_examples, schema_of
from mock_server.document.reader import Reader, flag, mapping, text, texts
from mock_server.document.references import Node
from mock_server.json_values import JsonObject, as_object

# collectionFormat: https://spec.openapis.org/oas/v2.0.html#parameter-object
_COLLECTION_STYLES = {
    "csv": (Style.FORM, False),
    "ssv": (Style.SPACE_DELIMITED, False),
    "tsv": (Style.TAB_DELIMITED, False),
    "pipes": (Style.PIPE_DELIMITED, False),
    "multi": (Style.FORM, True),
}
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
_JSON = ("application/json",)


def parse_parameters(reader: Reader, root: Node, *holders: Node) -> tuple[tuple[Parameter, ...], RequestBody | None]:
    """
    Read the parameters of a path item and of an operation; those in the body become a request body.

    Args:
        reader: Follows references and collects findings.
        root: The document, for its `consumes`.
        holders: The objects with `parameters`: the path item, then the operation, whose `consumes` counts.
    """
    found: dict[tuple[str, str], Node] = {}
    for holder in holders:
        for node in reader.listed(holder, "parameters", "a parameter"):
            name, location = mapping(node).get("name"), mapping(node).get("in")
            if isinstance(name, str) and location in {"path", "query", "header", "body", "formData"}:
                found[name, str(location)] = node
            else:
                reader.malformed(node, f"a parameter's name is {name!r} and its 'in' {location!r}")
    plain = tuple(
        _parse_parameter(reader, name, ParameterLocation(location), node)
        for (name, location), node in found.items()
        if location not in {"body", "formData"} and may_be_sent(reader, node, name, ParameterLocation(location))
    )
    if "consumes" in mapping(holders[-1]):
        consumes = _names(holders[-1], "consumes")
    else:
        consumes = _names(root, "consumes")
    body = next((node for (_, location), node in found.items() if location == "body"), None)
    if body is not None:
        return plain, _parse_body(reader, body, consumes or _JSON)
    form = {name: node for (name, location), node in found.items() if location == "formData"}
    return plain, _parse_form(form, consumes, holders[-1]) if form else None


def _parse_parameter(reader: Reader, name: str, location: ParameterLocation, node: Node) -> Parameter:
    style, explode = _COLLECTION_STYLES.get(text(node, "collectionFormat", "csv"), (Style.FORM, False))
    if location is not ParameterLocation.QUERY and style is Style.FORM:
        style, explode = Style.SIMPLE, False
    return Parameter(
        name=name,
        location=location,
        required=flag(node, "required") is True or location is ParameterLocation.PATH,
        style=style,
        explode=explode,
        allow_empty=flag(node, "allowEmptyValue") is True,
        schema=node,  # a parameter is its own schema: `type`, `items`, `enum`, … are next to `name` and `in`
        examples=parse_examples(reader, node),
        node=node,
    )


def _names(node: Node, key: str) -> tuple[str, ...]:
    """Return the media types in a list, but for names that no header field can have."""
    return tuple(name for name in texts(node, key) if name.isprintable())


def _parse_body(reader: Reader, node: Node, consumes: tuple[str, ...]) -> RequestBody:
    content = tuple(
        MediaType(name=name, schema=schema_of(node), examples=_body_examples(reader, node, name), node=node)
        for name in consumes
    )
    return RequestBody(required=flag(node, "required") is True, content=content, node=node)


def _body_examples(reader: Reader, node: Node, media_type: str) -> tuple[Example, ...]:
    by_type = mapping(node).get("x-examples")
    if isinstance(by_type, dict) and media_type in by_type:
        place = node.child("x-examples").child(media_type)
        return (Example(key=None, value=place.value, node=place),)
    return parse_examples(reader, node)


def _parse_form(form: dict[str, Node], consumes: tuple[str, ...], operation: Node) -> RequestBody:
    """Make a body of form parameters: its schema is an object with a property for each."""
    has_file = any(text(node, "type") == "file" for node in form.values())
    names = tuple(name for name in consumes if name.split(";")[0].strip() in _FORM_TYPES)
    required = [name for name, node in form.items() if flag(node, "required") is True]
    schema: JsonObject = {"type": "object", "properties": {name: node.value for name, node in form.items()}}
    if required:
        schema["required"] = list(required)
    place = Node(schema, operation.resource, (*operation.pointer, "parameters"))
    encoding = {
        name: Encoding(style=style, explode=explode)
        for name, node in form.items()
        for style, explode in [_COLLECTION_STYLES.get(text(node, "collectionFormat", "csv"), (Style.FORM, False))]
        if text(node, "type") == "array"
    }
    if not names:
        names = _FORM_TYPES[1:] if has_file else _FORM_TYPES
    content = tuple(MediaType(name=name, schema=place, encoding=encoding, node=place) for name in names)
    return RequestBody(required=bool(required), content=content, node=place)


def parse_responses(reader: Reader, root: Node, operation: Node) -> tuple[DocumentedResponse, ...]:
    """Read the responses of an operation; each media type it `produces` has the response's schema."""
    if "produces" in mapping(operation):
        produces = _names(operation, "produces")
    else:
        produces = _names(root, "produces")
    return tuple(
        DocumentedResponse(
            status=normal_status(key),
            description=text(node, "description"),
            headers=_parse_headers(reader, node),
            content=_response_content(node, produces),
            links=(),
            node=node,
        )
        for key, node in reader.objects(operation, "responses", "the response")
    )


def _response_content(node: Node, produces: tuple[str, ...]) -> tuple[MediaType, ...]:
    """Return a response without a schema has no content, unless examples show some."""
    schema = schema_of(node)
    by_type = node.child("examples") if isinstance(mapping(node).get("examples"), dict) else None
    shown = {name: child for name, child in by_type.members() if "/" in name} if by_type else {}
    if schema is not None:
        names = produces or tuple(shown) or _JSON
    else:
        names = tuple(shown)
    return tuple(
        MediaType(
            name=name,
            schema=schema,
            examples=tuple(Example(key=None, value=child.value, node=child) for child in (shown.get(name),) if child),
            node=node,
        )
        for name in names
    )


def _parse_headers(reader: Reader, response: Node) -> tuple[Header, ...]:
    return tuple(
        Header(name=name, required=False, explode=False, schema=node, examples=parse_examples(reader, node), node=node)
        for name, node in header_objects(reader, response)
    )


def parse_security_schemes(reader: Reader, root: Node) -> dict[str, SecurityScheme]:
    """Read the security definitions; `basic` is the http scheme of that name."""
    found: dict[str, SecurityScheme] = {}
    for key, node in reader.objects(root, "securityDefinitions", "a security definition"):
        type_ = text(node, "type")
        found[key] = SecurityScheme(
            key=key,
            type="http" if type_ == "basic" else type_,
            name=text(node, "name"),
            location=ParameterLocation.QUERY if text(node, "in") == "query" else ParameterLocation.HEADER,
            scheme="basic" if type_ == "basic" else "",
            scopes=tuple(as_object(mapping(node).get("scopes"))),
            node=node,
        )
    return found
