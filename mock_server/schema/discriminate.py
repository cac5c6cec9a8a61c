"""
The Discriminator Object: which branch a value says that it is.

OpenAPI calls it a hint that does not change what is valid; yet with it, a `oneOf` whose branches overlap is decided
by name. So JUDGE takes a value that fits either reading, and MAKE makes values that fit both.

Source: OAS 3.1.1, section "Discriminator Object"
"""

from mock_server.errors import DocumentError
from mock_server.schema.dialect import Purpose
from mock_server.spec.references import Node, References
from mock_server.typing import JsonObject, JsonValue

# Marks the alternatives that a discriminator names.
NAMED = "x-named-alternatives"


def discriminate(node: Node, out: JsonObject, references: References, purpose: Purpose) -> None:
    """
    Add what a discriminator says to a translated schema, in place.

    Args:
        node: The Schema Object with `discriminator` and `oneOf` or `anyOf`.
        out: Its translation; branches stand in it as in the node.
        references: To compare what the mapping and the branches refer to.
        purpose: See the module.
    """
    source = node.value if isinstance(node.value, dict) else {}
    rule = source.get("discriminator")
    name = rule.get("propertyName") if isinstance(rule, dict) else None
    word = next((word for word in ("oneOf", "anyOf") if word in out and word in source), None)
    if not isinstance(name, str) or word is None or not isinstance(rule, dict):
        return
    places, translated = list(node.child(word).items()), out[word]
    if not isinstance(translated, list) or len(places) != len(translated):
        return
    mapping = rule.get("mapping")
    mapped = _mapped(mapping if isinstance(mapping, dict) else {}, node, references)
    named: list[JsonValue] = []
    for place, branch in zip(places, translated, strict=True):
        values = _names(place, name, mapped, references, purpose)
        if values is None:
            return  # an inline branch has no name: the discriminator can't tell
        own: JsonObject = {"properties": {name: {"enum": values}}, "required": [name]} if values else {"required": [name]}
        named.append({"allOf": [branch, own]})
    also = out.get("allOf")
    if purpose is Purpose.MAKE:
        out["allOf"] = [*(also if isinstance(also, list) else []), {"anyOf": named, NAMED: True}]
    elif word == "oneOf":
        either: JsonObject = {"anyOf": [{"oneOf": out.pop("oneOf")}, *named]}
        out["allOf"] = [*(also if isinstance(also, list) else []), either]


def _mapped(mapping: JsonObject, node: Node, references: References) -> dict[tuple[str, tuple[str, ...]] | str, list[str]]:
    """The names of each target, by place and by the last word of its reference."""
    found: dict[tuple[str, tuple[str, ...]] | str, list[str]] = {}
    for value, ref in mapping.items():
        if not isinstance(ref, str):
            continue
        found.setdefault(_last_word(ref), []).append(value)
        if "#" in ref or "/" in ref:
            try:
                found.setdefault(references.resolve(ref, node).key, []).append(value)
            except DocumentError:
                continue  # its last word may still tell
    return found


def _names(
    place: Node,
    name: str,
    mapped: dict[tuple[str, tuple[str, ...]] | str, list[str]],
    references: References,
    purpose: Purpose,
) -> list[JsonValue] | None:
    """
    The discriminator's values for a branch.

    Returns:
        None for a branch without a name; an empty list where the branch itself says which values there are.
    """
    ref = place.reference
    if ref is None:
        return None
    try:
        target = references.resolve(ref, place)
    except DocumentError:
        return None
    values = list(dict.fromkeys([*mapped.get(target.key, ()), *mapped.get(_last_word(ref), ())]))
    if purpose is Purpose.JUDGE:
        return [*values, _last_word(ref)]
    if _says_itself(target, name, references):
        return []
    return [*values] or [_last_word(ref)]


def _says_itself(target: Node, name: str, references: References, depth: int = 0) -> bool:
    """Whether a branch restricts the property to certain values already."""
    if depth > 6 or not isinstance(target.value, dict):  # noqa: PLR2004 - deeper than anybody writes
        return False
    try:
        target = references.follow(target)
        value = target.value if isinstance(target.value, dict) else {}
        properties = value.get("properties")
        if isinstance(properties, dict) and name in properties:
            own = references.follow(target.child("properties").child(name)).value
            return isinstance(own, dict) and bool({"enum", "const"} & own.keys())
        members = list(target.child("allOf").items()) if isinstance(value.get("allOf"), list) else []
    except DocumentError:
        return False
    return any(_says_itself(member, name, references, depth + 1) for member in members)


def _last_word(ref: str) -> str:
    return ref.rsplit("#", 1)[-1].rsplit("/", 1)[-1].removesuffix(".yaml").removesuffix(".yml").removesuffix(".json")
