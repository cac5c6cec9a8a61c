"""
A document, opened: indexed at once, its operations read one by one on demand.

Opening reads the path items and nothing below: a document of ten megabytes is ready to route in the time
that parsing its text takes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from mock_server.document import openapi3, swagger2
from mock_server.document.load import Library, LoadedResource
from mock_server.document.mistakes import describe_value, describe_version
from mock_server.document.model import (
    Callback,
    Entry,
    Operation,
    Parameter,
    ParameterLocation,
    SecurityRequirement,
    SecurityScheme,
    Server,
    Version,
)
from mock_server.document.reader import Reader, flag, mapping, text, texts
from mock_server.document.references import BrokenReferences, Node, References
from mock_server.errors import UnsupportedVersion, UsageError
from mock_server.findings import Finding
from mock_server.json_values import JsonObject, Pointer, as_list

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")  # RFC 9110, section 5.6.2
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_ORIGIN = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*")
# What begins with a host although no scheme says so: `api.example.com/v1`, `localhost:8080`, `10.0.0.1/api`.
_HOST = re.compile(
    r"(?:localhost|[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}|\d+(?:\.\d+){3}|[\w.-]+(?=:\d))(?::\d+)?(?=[/?#]|\Z)"
)
_MOST_NAMED: Final = 12  # operations, where one is asked for that there is none of
_MOST_URLS = 64  # that the variables of one server make


@dataclass(eq=False, repr=False)
class Document:
    """An OpenAPI document."""

    resource: LoadedResource
    library: Library
    references: References
    version: Version
    entries: tuple[Entry, ...]
    servers: tuple[Server, ...]
    schemes: dict[str, SecurityScheme]
    webhooks: tuple[Callback, ...]
    findings: tuple[Finding, ...]  # of opening; an operation has its own
    _operations: dict[tuple[str, tuple[str, Pointer]], Operation] = field(default_factory=dict)

    @property
    def root(self) -> Node:
        """The OpenAPI Object."""
        return Node(self.resource.value, self.resource)

    @property
    def title(self) -> str:
        """The title of the document."""
        return text(self._info, "title") or self.resource.name

    @property
    def api_version(self) -> str:
        """The version of the API that it describes."""
        return str(mapping(self._info).get("version", ""))

    @property
    def _info(self) -> Node:
        if "info" in mapping(self.root):
            return self.root.child("info")
        return Node({}, self.resource)

    @property
    def overlay_findings(self) -> tuple[Finding, ...]:
        """The findings of overlays: changes of the document that were not made."""
        return tuple(finding for finding in self.findings if finding.rule.startswith("overlay-"))

    @cached_property
    def broken(self) -> tuple[Finding, ...]:
        """The references that lead nowhere or were not allowed."""
        return BrokenReferences(self.library, self.references).find(self.resource)

    def operation(self, entry: Entry) -> Operation:
        """Read an operation; once."""
        # of callbacks, several may have the same id
        key = (entry.id, entry.node.key)
        if key not in self._operations:
            self._operations[key] = _read_operation(self, entry)
        return self._operations[key]

    def find_entry(self, name: str) -> Entry | None:
        """Find an operation by its operationId or by its title, as in `GET /pets`."""
        by_id = (entry for entry in self.entries if entry.id == name)
        method, _, template = name.partition(" ")
        by_title = (e for e in self.entries if e.method == method.upper() and e.template == template.strip())
        return next(by_id, None) or next(by_title, None)

    def require_entry(self, name: str) -> Entry:
        """
        Find an operation by its operationId or by its title.

        Raises:
            UsageError: there is none; the message says which ones there are.
        """
        entry = self.find_entry(name)
        if entry is not None:
            return entry
        known = [word for each in self.entries for word in (each.id, each.title)]
        near = get_close_matches(name, known, n=1)
        ids = [each.id for each in self.entries]
        if len(ids) > _MOST_NAMED:
            more = f" and {len(ids) - _MOST_NAMED:,} more"
        else:
            more = ""
        if near:
            advice = f"did you mean {near[0]!r}?"
        else:
            advice = f"there are: {', '.join(ids[:_MOST_NAMED]) or 'none'}{more}"
        raise UsageError(f"the document has no operation {name!r}; {advice}")


def open_document(library: Library, resource: LoadedResource) -> Document:
    """
    Index a document.

    Raises:
        UnsupportedVersion: it is no OpenAPI document, or one of an unknown version.
    """
    version = _version(resource)
    references = References(library)
    reader = Reader(references, list(resource.findings))
    root = Node(resource.value, resource)
    entries = tuple(_index(reader, root, version))
    if version is Version.V2:
        schemes, servers = swagger2.parse_security_schemes(reader, root), _swagger_servers(reader, root)
    else:
        schemes = openapi3.parse_security_schemes(reader, reader.member(root, "components", "the components"))
        servers = _servers(reader, root) or (Server(url="/", base_path=""),)
    return Document(
        resource=resource,
        library=library,
        references=references,
        version=version,
        entries=entries,
        servers=servers,
        schemes=schemes,
        webhooks=tuple(_webhooks(reader, root)),
        findings=tuple(reader.findings),
    )


def _version(resource: LoadedResource) -> Version:
    value = resource.value
    if not isinstance(value, dict) or not ("openapi" in value or "swagger" in value):
        raise UnsupportedVersion(resource.name, *describe_value(value, resource.text))
    if str(value.get("swagger", "")) in {"2.0", "2"}:
        return Version.V2
    number = str(value.get("openapi", ""))
    for version in (Version.V30, Version.V31, Version.V32):
        if number == version.value or number.startswith(version.value + "."):
            return version
    raise UnsupportedVersion(resource.name, *describe_version(value))


def _index(reader: Reader, root: Node, version: Version) -> Iterator[Entry]:
    paths = reader.member(root, "paths", "the paths")
    taken: set[str] = set()
    for template, child in paths.members() if paths is not None else ():
        if template.startswith("x-"):
            continue
        item = _path_item(reader, child)
        if item is None:
            continue
        for method, node in _iter_operations(reader, item, version):
            yield _entry(reader, taken, method, template if template.startswith("/") else "/" + template, node, item)


def _path_item(reader: Reader, node: Node) -> Node | None:
    """Follow the `$ref` of a path item; operations next to it go first."""
    target = reader.object(node, "a path item")
    siblings = {key: value for key, value in mapping(node).items() if key != "$ref"}
    if target is None or target is node or not siblings or target.resource is not node.resource:
        return target
    return Node({**mapping(target), **siblings}, target.resource, target.pointer)


def _iter_operations(reader: Reader, item: Node, version: Version) -> Iterator[tuple[str, Node]]:
    for key, child in item.members():
        if key.lower() in _METHODS and (key.lower() != "query" or version is Version.V32):
            node = reader.object(child, f"the operation {key}")
            if node is not None:
                yield key.upper(), node
    if version is Version.V32:
        for method, node in reader.objects(item, "additionalOperations", "an operation"):
            if _TOKEN.match(method):
                yield method, node
            else:
                reader.malformed(node, f"{method!r} is no method")


def _entry(reader: Reader, taken: set[str], method: str, template: str, node: Node, item: Node) -> Entry:
    name = text(node, "operationId")
    derived = derive_id(method, template)
    if not name:
        reader.note(
            "document-operation-id-missing", node, f"{method} {template} has no operationId; it is {derived!r} here"
        )
        name = derived
    elif name in taken:
        reader.note(
            "document-operation-id-duplicate", node, f"the operationId {name!r} stands twice; here it is {derived!r}"
        )
        name = derived
    count, unique = 2, name
    while unique in taken:
        unique = f"{name}_{count}"
        count += 1
    taken.add(unique)
    return Entry(
        id=unique,
        method=method,
        template=template,
        node=node,
        path_item=item,
        summary=text(node, "summary"),
        tags=texts(node, "tags"),
        deprecated=flag(node, "deprecated") is True,
    )


def derive_id(method: str, template: str) -> str:
    """Derive an operationId: `GET /pets/{petId}` is `get_pets_petId`."""
    return "_".join((method.lower(), *re.findall(r"[A-Za-z0-9]+", template)))


def template_names(template: str) -> tuple[str, ...]:
    """List the parameters of a path template, in order."""
    return tuple(_VARIABLE.findall(template))


def path_names(entry: Entry, parameters: Iterable[Parameter]) -> tuple[str, ...]:
    """
    List the names that path parameters of an operation have, in order: those of its template.

    A variable of a query in the template is one of them, unless the query is declared as it should be.
    """
    declared = {parameter.name for parameter in parameters if parameter.location is ParameterLocation.QUERY}
    of_query = (
        name
        for key, value in entry.query
        for name in template_names(value)
        if key not in declared and name not in declared
    )
    return tuple(name.lstrip("+").rstrip("+*") for name in (*template_names(entry.path), *of_query))


def _servers(reader: Reader, holder: Node) -> tuple[Server, ...]:
    """Read servers: for each value that a variable may have one, first those with all defaults."""
    usual: list[Server] = []
    others: list[Server] = []
    for node in reader.listed(holder, "servers", "a server"):
        variables = {
            name: mapping(variable) for name, variable in reader.objects(node, "variables", "a server variable")
        }
        listed = {name: variable for name, variable in variables.items() if isinstance(variable.get("enum"), list)}
        free = {name: str(variable.get("default", "")) for name, variable in variables.items() if name not in listed}
        first, *more = (_server(template, free) for template in _server_urls(text(node, "url"), listed))
        if _HOST.match(first.url):
            message = f"the server {first.url!r} has no scheme: by the standard it is a path; it is read as https://{first.url}"
            reader.note("document-server-without-scheme", node, message)
        usual.append(first)
        others += more
    return (*usual, *others)


def _server_urls(url: str, variables: Mapping[str, JsonObject]) -> list[str]:
    """
    Return the URLs of a server by the listed values of its variables, the one with the defaults first.

    Server Variable Object, `enum`.
    """
    urls = [url]
    for name, variable in variables.items():
        placeholder = "{" + name + "}"
        if placeholder not in url:
            continue
        default, listed = str(variable.get("default", "")), variable.get("enum")
        values = dict.fromkeys((default, *map(str, as_list(listed))))
        urls = [each.replace(placeholder, value) for each in urls for value in values][:_MOST_URLS]
    return urls


def _server(template: str, free: Mapping[str, str]) -> Server:
    """Return a server; a URL that begins with a host and no scheme is read as an absolute one."""
    url, shown = template, template
    for name, default in free.items():
        placeholder = "{" + name + "}"
        url = url.replace(placeholder, default)
        if default.startswith("/"):
            shown = shown.replace(placeholder, "/" + placeholder).replace("//{" + name, "/{" + name)
        elif "//" in default:  # it is a whole URL, and says nothing of where its parts are
            shown = shown.replace(placeholder, default)
    has_free = any("{" + name + "}" in shown for name in free)
    return Server(url=url, base_path=_base_path(url), template=shown if has_free else "")


def _base_path(url: str) -> str:
    """Return the path under which a server answers; a relative URL counts from the root."""
    origin = _HOST if _HOST.match(url) else _ORIGIN
    path = re.split(r"[?#]", origin.sub("", url, count=1), maxsplit=1)[0].rstrip("/")
    if not path.startswith("/"):
        path = path.removeprefix(".").lstrip("/")
    else:
        path = path.lstrip("/")
    if path:
        return "/" + path
    return ""


def _swagger_servers(reader: Reader, root: Node) -> tuple[Server, ...]:
    written = text(root, "host")
    origin = _ORIGIN.match(written)
    if origin is not None:
        host = origin.group().partition("//")[2]
    else:
        host = written.partition("/")[0]
    if host != written:
        message = f"the host {written!r} is more than a host, which has neither a scheme nor a path"
        reader.note("document-server-without-scheme", root.child("host"), message)
    inside = _base_path(written if origin is not None else f"//{written}")
    scheme = next(iter(texts(root, "schemes")), "https")
    path = inside + ("/" + urlsplit("/" + text(root, "basePath").strip("/")).path.strip("/")).rstrip("/")
    return (Server(url=f"{scheme}://{host}{path}" if host else path or "/", base_path=path),)


def _webhooks(reader: Reader, root: Node) -> Iterator[Callback]:
    for key in ("webhooks", "x-webhooks"):
        for name, item in reader.objects(root, key, "a webhook"):
            yield Callback(name=name, expression=name, entries=_callback_entries(reader, name, item))


def _callback_entries(reader: Reader, expression: str, item: Node) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            id=text(node, "operationId") or derive_id(method, expression),
            method=method,
            template=expression,
            node=node,
            path_item=item,
            is_sent=True,
        )
        for method, node in _iter_operations(reader, item, Version.V31)
    )


def _read_operation(document: Document, entry: Entry) -> Operation:
    reader = Reader(document.references)
    node, item = entry.node, entry.path_item
    if document.version is Version.V2:
        parameters, body = swagger2.parse_parameters(reader, document.root, item, node)
        responses = swagger2.parse_responses(reader, document.root, node)
    else:
        parameters, body = openapi3.parse_parameters(reader, item, node), openapi3.parse_request_body(reader, node)
        responses = openapi3.parse_responses(reader, node)
    parameters = _fit_template(reader, entry, parameters)
    if not any(response.status[0] in "123d" for response in responses):
        reader.note("document-response-missing", node, "no response is documented that could be a success")
    return Operation(
        entry=entry,
        parameters=parameters,
        request_body=body,
        responses=responses,
        security=_security(document, reader, node),
        servers=_servers(reader, node) or _servers(reader, item) or None,
        callbacks=tuple(
            Callback(name=name, expression=expression, entries=_callback_entries(reader, expression, path_item))
            for name, callback in reader.objects(node, "callbacks", "a callback")
            for expression, path_item in callback.members()
            if not expression.startswith("x-")
        ),
        findings=tuple(reader.findings),
    )


def _fit_template(reader: Reader, entry: Entry, parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Compare the path parameters with the template; drop those that it lacks."""
    names = path_names(entry, parameters)
    in_path = {parameter.name: parameter for parameter in parameters if parameter.location is ParameterLocation.PATH}
    for name in names:
        if name not in in_path:
            message = f"the path parameter {name!r} is not declared; it is taken for a string"
            reader.note("document-path-parameter-undeclared", entry.node, message)
    for name, parameter in in_path.items():
        if name not in names:
            message = f"the path parameter {name!r} does not stand in the template {entry.template}; it is left out"
            reader.note("document-path-parameter-unused", parameter.node, message)
    return tuple(p for p in parameters if p.location is not ParameterLocation.PATH or p.name in names)


def _security(document: Document, reader: Reader, node: Node) -> tuple[SecurityRequirement, ...]:
    """
    Read the security requirements that count for an operation.

    A requirement that names an undefined scheme can't be met by anybody; it is left out, with a finding.
    """
    if isinstance(mapping(node).get("security"), list):
        holder = node
    else:
        holder = document.root
    alternatives: list[SecurityRequirement] = []
    for requirement in reader.listed(holder, "security", "a security requirement"):
        undefined = sorted(name for name in mapping(requirement) if name not in document.schemes)
        for name in undefined:
            reader.note("document-security-undefined", requirement, f"no security scheme is called {name!r}")
        if not undefined:
            alternatives.append(tuple((name, texts(requirement, name)) for name in mapping(requirement)))
    return tuple(alternatives)
