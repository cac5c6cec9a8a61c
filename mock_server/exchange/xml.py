"""
XML by the XML Objects of a schema: written and read.

Source: OAS 3.1.1, "XML Object"; 3.2.0 for `nodeType`; XML 1.0, sections 2.2 and 2.3
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mock_server.errors import MalformedContent
from mock_server.exchange.bounds import XML_ATTRIBUTES, XML_DEPTH, XML_NODES
from mock_server.exchange.charset import find_codec
from mock_server.exchange.wire_values import Raw
from mock_server.json_values import JsonObject, JsonValue
from mock_server.lazy import LazyModule
from mock_server.schema.sites import Site, Sites

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET
    from xml.etree.ElementTree import Element
    from xml.sax import saxutils

    from defusedxml import ElementTree, common
else:
    saxutils = LazyModule("xml.sax.saxutils")
    ET = LazyModule("xml.etree.ElementTree")
    ElementTree, common = LazyModule("defusedxml.ElementTree"), LazyModule("defusedxml.common")

# Names of elements without a colon, in letters that all parsers take: those that XML 1.0 had from its first edition on.
_LETTERS = "A-Za-z_À-ÖØ-öø-ÿΑ-ΡΣ-ώЁ-ЌЎ-яё-ќぁ-ゔァ-ヺ一-龥가-힣"
_NAME = re.compile(rf"[{_LETTERS}][{_LETTERS}0-9.-]*\Z")
_NOT_NAME = re.compile(rf"[^{_LETTERS}0-9.-]+")
_RESERVED = frozenset(("http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"))  # may not be declared
_NOT_CHAR = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARED = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([^\"'>]{0,200})")


@dataclass(frozen=True, slots=True)
class _ElementForm:
    """The form of one value, by its XML Object."""

    name: str  # without a prefix
    prefix: str  # "" for none
    namespace: str  # "" for none
    node: str  # element, attribute, text, cdata or none
    wrapped: bool

    @property
    def tag(self) -> str:
        if self.prefix:
            return f"{self.prefix}:{self.name}"
        return self.name

    def declare(self, bound: Mapping[str, str]) -> dict[str, str]:
        """
        Return the namespaces that it declares, by prefix, in addition to those in scope.

        A prefix without a namespace, which many documents have, would be no well-formed XML: it gets one that says so.
        """
        namespace = self.namespace or (bound.get(self.prefix) or f"urn:prefix:{self.prefix}" if self.prefix else "")
        if self.prefix == "xml" or not namespace or bound.get(self.prefix) == namespace:
            return {}
        return {self.prefix: namespace}


def write_xml(value: JsonValue, outline: Site, root: str) -> bytes:
    """
    Write a value as an XML document.

    Args:
        value: JSON data.
        outline: Of its schema, with the XML Objects.
        root: The name of the root element where the schema says none.
    """
    form = _form(outline, root, is_list=isinstance(value, list))
    if isinstance(value, list):
        if form.wrapped or outline.annotation("xml") is not None:
            named = form
        else:
            named = replace(form, name=_named(root), prefix="")
        body = _wrapper(named, _form(outline.item(), form.name, is_list=False), value, outline.item(), {})
    else:
        body = _element(form, value, outline, {})
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


def _form(outline: Site, name: str, *, is_list: bool) -> _ElementForm:
    hint = outline.annotation("xml")
    xml: JsonObject = hint if isinstance(hint, dict) else {}
    own, prefix, namespace, node = (xml.get(keyword) for keyword in ("name", "prefix", "namespace", "nodeType"))
    local = own if isinstance(own, str) and own else name
    if not isinstance(node, str):
        node = "attribute" if xml.get("attribute") is True else "element"
    wrapped = xml.get("wrapped") is True or (is_list and node == "element" and "nodeType" in xml)
    clean = _NOT_CHAR.sub("", namespace) if isinstance(namespace, str) else ""
    known = prefix if isinstance(prefix, str) and prefix != "xmlns" else ""
    return _ElementForm(
        _named(local), _named(known) if known else "", "" if clean in _RESERVED else clean, node, wrapped
    )


def _named(name: str) -> str:
    """Return a name that XML allows."""
    if _NAME.match(name):
        return name
    clean = _NOT_NAME.sub("_", name)
    if _NAME.match(clean):
        return clean
    return f"_{clean}"


def _start(form: _ElementForm, attributes: Mapping[str, str], declared: Mapping[str, str]) -> str:
    """Return the beginning of a start tag, with each attribute once."""
    names = {f"xmlns:{prefix}".rstrip(":"): namespace for prefix, namespace in declared.items()}
    written = [f" {name}={saxutils.quoteattr(value)}" for name, value in {**names, **attributes}.items()]
    return f"<{form.tag}{''.join(written)}"


def _element(form: _ElementForm, value: JsonValue, outline: Site, around: Mapping[str, str]) -> str:
    """Return one element; an object's members are its attributes and children."""
    declared = form.declare(around)
    bound = {**around, **declared}
    if not isinstance(value, dict):
        return f"{_start(form, {}, declared)}>{_text(value)}</{form.tag}>"
    attributes: dict[str, str] = {}
    children: list[str] = []
    for name, member in value.items():
        part = outline.member(name)
        own = _form(part, name, is_list=isinstance(member, list))
        if own.node == "attribute" and not isinstance(member, dict | list):
            fresh = own.declare(bound) if own.prefix else {}  # without a prefix an attribute is in no namespace
            if not fresh.keys() & declared.keys():
                declared, bound = {**declared, **fresh}, {**bound, **fresh}
            attributes[own.tag] = _plain(member)
        elif own.node in {"text", "none"} and not isinstance(member, dict | list):
            children.append(_text(member))
        elif own.node == "cdata":
            children.append(f"<![CDATA[{_plain(member).replace(']]>', ']]]]><![CDATA[>')}]]>")
        elif isinstance(member, list):
            children.append(_list(own, member, part, bound))
        elif member is not None or "null" in part.types:
            children.append(_element(own, member, part, bound))
    return f"{_start(form, attributes, declared)}>{''.join(children)}</{form.tag}>"


def _list(form: _ElementForm, items: list[JsonValue], outline: Site, around: Mapping[str, str]) -> str:
    inner = _form(outline.item(), form.name, is_list=False)
    if form.wrapped:
        return _wrapper(form, inner, items, outline.item(), around)
    if not inner.prefix and not inner.namespace:
        inner = replace(inner, prefix=form.prefix, namespace=form.namespace)
    return "".join(_element(inner, item, outline.item(), around) for item in items)


def _wrapper(
    form: _ElementForm, inner: _ElementForm, items: list[JsonValue], outline: Site, around: Mapping[str, str]
) -> str:
    """Return an element around the items of a list."""
    declared = form.declare(around)
    bound = {**around, **declared}
    return (
        f"{_start(form, {}, declared)}>"
        + "".join(_element(inner, item, outline, bound) for item in items)
        + f"</{form.tag}>"
    )


def _text(value: JsonValue) -> str:
    if isinstance(value, list):
        return "".join(f"<item>{_text(item)}</item>" for item in value)
    if isinstance(value, dict):
        return "".join(f"<{_named(name)}>{_text(member)}</{_named(name)}>" for name, member in value.items())
    return saxutils.escape(
        _plain(value), {"\r": "&#13;"}
    )  # XML 1.0, section 2.11: a mere one would be read as a line end


def _plain(value: JsonValue) -> str:
    if isinstance(value, bool):
        if value:
            return "true"
        return "false"
    if value is None:
        return ""
    return _NOT_CHAR.sub("", str(value))


def read_xml(data: bytes, outline: Site) -> Raw:
    """
    Read an XML document into text, lists and maps, shaped as the schema expects.

    Raises:
        MalformedContent: it is not well-formed, or declares entities.
    """
    declared = _DECLARED.match(data)
    if declared is not None and find_codec(declared[1].decode("latin-1")) is None:
        raise MalformedContent(f"the encoding {declared[1][:40].decode('latin-1')!r} is not among those that are read")
    parser = ElementTree.DefusedXMLParser(
        target=_TreeBuilder(), forbid_dtd=False, forbid_entities=True, forbid_external=True
    )
    try:
        parser.feed(data)
        root: Element = parser.close()
    except (ElementTree.ParseError, common.DefusedXmlException, ValueError, LookupError) as error:
        raise MalformedContent(f"it is no well-formed XML: {error or type(error).__name__}") from error
    _check_name(root, outline, "the root element")
    return _ElementReader().read(root, outline)


def _check_name(element: "Element", outline: Site, what: str) -> None:
    """
    Compare an element with the name and the namespace that the XML Object of its own schema gives it.

    Raises:
        MalformedContent: it has another one.
    """
    xml = _own_xml(outline)
    namespace, _, name = element.tag.rpartition("}")
    wanted, expected = xml.get("name"), xml.get("namespace")
    if isinstance(wanted, str) and wanted and name != _named(wanted):
        raise MalformedContent(f"{what} is <{name}>, not <{wanted}>")
    if isinstance(expected, str) and expected and namespace[1:] != expected:
        held = f"in the namespace {namespace[1:]!r}" if namespace else "in no namespace"
        raise MalformedContent(f"{what} <{name}> is {held}, not in {expected!r}")


def _own_xml(outline: Site) -> JsonObject:
    """
    Return the XML Object of a schema itself, through references.

    Those of `allOf` and alternatives are of something else.
    """
    for source in outline.sources:
        xml = source.get("xml")
        if isinstance(xml, dict):
            return xml
        if "$ref" not in source:
            break
    return {}


class _TreeBuilder:
    """Builds a tree of a bounded number of nodes."""

    def __init__(self) -> None:
        self._tree = ET.TreeBuilder()
        self._depth = self._nodes = 0
        self.data, self.close = self._tree.data, self._tree.close

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        self._depth += 1
        self._nodes += 1 + len(attributes)
        if self._depth > XML_DEPTH:
            raise MalformedContent(f"its elements are nested more than {XML_DEPTH} deep")
        if len(attributes) > XML_ATTRIBUTES:
            raise MalformedContent(f"an element has more than {XML_ATTRIBUTES:,} attributes")
        if self._nodes > XML_NODES:
            raise MalformedContent(f"it has more than {XML_NODES:,} elements and attributes")
        self._tree.start(tag, attributes)

    def end(self, tag: str) -> None:
        """End an element."""
        self._depth -= 1
        self._tree.end(tag)


@dataclass(frozen=True, slots=True)
class _Names:
    """The properties of an object by how they are written."""

    attributes: dict[str, str]
    elements: dict[str, str]
    inner: str | None  # what stands in the element as text


class _ElementReader:
    """Reads the elements of one document."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Site, _Names]] = {}  # by the id of the outline

    def read(self, element: "Element", outline: Site) -> Raw:
        """Read an element as its outline expects it."""
        if "array" in outline.types and "object" not in outline.types:
            return [self.read(child, outline.item()) for child in element]
        if len(element) == 0 and not element.attrib and ("object" not in outline.types or "string" in outline.types):
            text = element.text or ""
            if "string" in outline.types:
                return _without_layout(text)
            return text.strip()
        found: dict[str, Raw] = {}
        names = self._names(outline)
        for key, value in element.attrib.items():
            found[names.attributes.get(_local(key), _local(key))] = value
        for child in element:
            name = names.elements.get(_local(child.tag), _local(child.tag))
            self._put(found, name, child, outline)
        text = (element.text or "").strip()
        if names.inner is not None and text:
            found[names.inner] = text
        if found or not text:
            return found  # text alone, where elements are expected: it is no object
        return text

    def _names(self, outline: Site) -> _Names:
        known = self._known.get(id(outline))
        if known is None:
            attributes: dict[str, str] = {}
            elements: dict[str, str] = {}
            inner = None
            for name in outline.names:
                part = outline.member(name)
                node = _form(part, name, is_list=False).node
                written = attributes if node == "attribute" else elements
                written[_written_name(part, name)] = name
                if inner is None and node in {"text", "cdata"}:
                    inner = name
            known = self._known[id(outline)] = outline, _Names(attributes, elements, inner)
        return known[1]

    def _put(self, found: dict[str, Raw], name: str, child: "Element", outline: Site) -> None:
        part = outline.member(name)
        namespace = _own_xml(part).get("namespace")
        if namespace:
            _check_name(
                child, part if not _is_list(part) else Sites().root({"xml": {"namespace": namespace}}), "the element"
            )
        if not _is_list(part):
            found[name] = self.read(child, part)
            return
        if _form(part, name, is_list=True).wrapped:
            found[name] = [self.read(item, part.item()) for item in child]
            return
        items = found.setdefault(name, [])
        if isinstance(items, list):
            items.append(self.read(child, part.item()))


def _without_layout(text: str) -> str:
    """Return a text without the white space around it that has a line break: that is layout."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if "\n" in text[:start]:
        text, end = text[start:], end - start
    if "\n" in text[max(end, 0) :]:
        return text[:end]
    return text


def _is_list(outline: Site) -> bool:
    return "array" in outline.types and len(outline.types) <= 6  # noqa: PLR2004 - where every type may be, no list is expected


def _written_name(outline: Site, name: str) -> str:
    """Return the name of a property's element; for an unwrapped list, that of its items."""
    form = _form(outline, name, is_list=_is_list(outline))
    if _is_list(outline) and not form.wrapped:
        return _form(outline.item(), form.name, is_list=False).name
    return form.name


def _local(tag: str) -> str:
    """Return a name without its namespace or prefix."""
    return tag.rpartition("}")[2].rpartition(":")[2]
