"""
XML by the XML Objects of a schema: written and read.

Source: OAS 3.1.1, "XML Object"; 3.2.0 for `nodeType`; XML 1.0, sections 2.2 and 2.3
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mock_server.errors import MalformedContent
from mock_server.exchange.interpret import Raw
from mock_server.later import Later
from mock_server.schema.outline import Outline
from mock_server.typing import JsonObject, JsonValue

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element
    from xml.sax import saxutils

    from defusedxml import ElementTree, common
else:
    saxutils = Later("xml.sax.saxutils")
    ElementTree, common = Later("defusedxml.ElementTree"), Later("defusedxml.common")

_NAME = re.compile(r"[A-Za-z_][\w.-]*\Z")
_NOT_NAME = re.compile(r"[^\w.-]+")
_NOT_CHAR = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# White space around a text that shares its edge with a line break is layout and no text.
_LAYOUT = re.compile(r"\A\s*\n\s*|\s*\n\s*\Z")


@dataclass(frozen=True, slots=True)
class _Form:
    """How one value is written: what its XML Object says."""

    name: str
    namespace: str
    node: str  # element, attribute, text, cdata or none
    wrapped: bool

    @property
    def tag(self) -> str:
        return self.name


def write_xml(value: JsonValue, outline: Outline, root: str) -> bytes:
    """
    Write a value as an XML document.

    Args:
        value: JSON data.
        outline: Of its schema, with the XML Objects.
        root: The name of the root element where the schema says none.
    """
    form = _form(outline, root, is_list=isinstance(value, list))
    if isinstance(value, list):
        inner = "".join(_element(_form(outline.item(), form.name, is_list=False), item, outline.item()) for item in value)
        name = form.name if form.wrapped or outline.annotation("xml") is not None else root
        body = f"<{name}{_xmlns(form)}>{inner}</{name}>"
    else:
        body = _element(form, value, outline)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


def _form(outline: Outline, name: str, *, is_list: bool) -> _Form:
    hint = outline.annotation("xml")
    xml: JsonObject = hint if isinstance(hint, dict) else {}
    own = xml.get("name")
    prefix = xml.get("prefix")
    local = own if isinstance(own, str) and own else name
    namespace = xml.get("namespace")
    node = xml.get("nodeType")
    if not isinstance(node, str):
        node = "attribute" if xml.get("attribute") is True else "element"
    wrapped = xml.get("wrapped") is True or (is_list and node == "element" and "nodeType" in xml)
    tag = f"{prefix}:{_named(local)}" if isinstance(prefix, str) and prefix else _named(local)
    return _Form(tag, namespace if isinstance(namespace, str) else "", node, wrapped)


def _named(name: str) -> str:
    """A name that XML allows."""
    if _NAME.match(name):
        return name
    clean = _NOT_NAME.sub("_", name)
    return clean if _NAME.match(clean) else f"_{clean}"


def _xmlns(form: _Form) -> str:
    if not form.namespace:
        return ""
    prefix, colon, _ = form.name.partition(":")
    return f" xmlns{':' + prefix if colon else ''}={saxutils.quoteattr(form.namespace)}"


def _element(form: _Form, value: JsonValue, outline: Outline) -> str:
    """One element; an object's members are its attributes and children."""
    if not isinstance(value, dict):
        return f"<{form.tag}{_xmlns(form)}>{_text(value)}</{form.tag}>"
    attributes, children = [], []
    for name, member in value.items():
        part = outline.member(name)
        own = _form(part, name, is_list=isinstance(member, list))
        if own.node == "attribute" and not isinstance(member, dict | list):
            attributes.append(f"{_xmlns(own)} {own.tag}={saxutils.quoteattr(_plain(member))}")
        elif own.node in {"text", "none"} and not isinstance(member, dict | list):
            children.append(_text(member))
        elif own.node == "cdata":
            children.append(f"<![CDATA[{_plain(member).replace(']]>', ']]]]><![CDATA[>')}]]>")
        elif isinstance(member, list):
            children.append(_list(own, member, part))
        elif member is not None or "null" in part.types:
            children.append(_element(own, member, part))
    return f"<{form.tag}{_xmlns(form)}{''.join(attributes)}>{''.join(children)}</{form.tag}>"


def _list(form: _Form, items: list[JsonValue], outline: Outline) -> str:
    inner = "".join(_element(_form(outline.item(), form.name, is_list=False), item, outline.item()) for item in items)
    return f"<{form.tag}{_xmlns(form)}>{inner}</{form.tag}>" if form.wrapped else inner


def _text(value: JsonValue) -> str:
    if isinstance(value, list):
        return "".join(f"<item>{_text(item)}</item>" for item in value)
    if isinstance(value, dict):
        return "".join(f"<{_named(name)}>{_text(member)}</{_named(name)}>" for name, member in value.items())
    return saxutils.escape(_plain(value), {"\r": "&#13;"})  # XML 1.0, section 2.11: a mere one would be read as a line end


def _plain(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else _NOT_CHAR.sub("", str(value))


def read_xml(data: bytes, outline: Outline) -> Raw:
    """
    Read an XML document into text, lists and maps, shaped as the schema expects.

    Raises:
        MalformedContent: it is not well-formed, or declares entities.
    """
    try:
        root = ElementTree.fromstring(data, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except (ElementTree.ParseError, common.DefusedXmlException, ValueError, LookupError) as error:
        raise MalformedContent(f"it is no well-formed XML: {error or type(error).__name__}") from error
    return _read(root, outline)


def _read(element: "Element", outline: Outline) -> Raw:
    if "array" in outline.types and "object" not in outline.types:
        return [_read(child, outline.item()) for child in element]
    if len(element) == 0 and not element.attrib and ("object" not in outline.types or "string" in outline.types):
        text = element.text or ""
        return _LAYOUT.sub("", text) if "string" in outline.types else text.strip()
    found: dict[str, Raw] = {}
    attributes = {_local(_written_name(outline.member(name), name)): name for name in outline.names if _is_attribute(outline, name)}
    elements = {_local(_written_name(outline.member(name), name)): name for name in outline.names if not _is_attribute(outline, name)}
    for key, value in element.attrib.items():
        found[attributes.get(_local(key), _local(key))] = value
    for child in element:
        name = elements.get(_local(child.tag), _local(child.tag))
        _put(found, name, child, outline)
    text = (element.text or "").strip()
    inner = next((name for name in outline.names if _form(outline.member(name), name, is_list=False).node in {"text", "cdata"}), None)
    if inner is not None and text:
        found[inner] = text
    return found if found or not text else text  # text alone, where elements are expected: it is no object


def _is_attribute(outline: Outline, name: str) -> bool:
    return _form(outline.member(name), name, is_list=False).node == "attribute"


def _written_name(outline: Outline, name: str) -> str:
    """The element that a property stands in: for an unwrapped list that of its items."""
    form = _form(outline, name, is_list=_is_list(outline))
    return _form(outline.item(), form.name, is_list=False).tag if _is_list(outline) and not form.wrapped else form.tag


def _is_list(outline: Outline) -> bool:
    return "array" in outline.types and len(outline.types) <= 6  # noqa: PLR2004 - where every type may be, no list is expected


def _put(found: dict[str, Raw], name: str, child: "Element", outline: Outline) -> None:
    part = outline.member(name)
    if not _is_list(part):
        found[name] = _read(child, part)
        return
    if _form(part, name, is_list=True).wrapped:
        found[name] = [_read(item, part.item()) for item in child]
        return
    items = found.setdefault(name, [])
    if isinstance(items, list):
        items.append(_read(child, part.item()))


def _local(tag: str) -> str:
    """A name without its namespace or prefix."""
    return tag.rpartition("}")[2].rpartition(":")[2]
