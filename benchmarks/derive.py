"""
The documents that are measured.

All but `documents/orders.yaml` are made here: the drivers from the default document, the large ones by count. None has
a `servers` entry, so that every product answers at the root.
"""

import copy
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import yaml

from benchmarks.places import DOCUMENT, DOCUMENTS

Document = dict[str, Any]

STORED_TARGET = "/charger/EMABLER_Charger12345/users?code=k&clientId=c"
GENERATED_TARGET = "/charger/EMABLER_Charger{n}/users?code=k&clientId=c"
_PATH = "/charger/{chargerId}/users"
_ASKED = 100  # of the operations of a large document


def drivers() -> tuple[Document, list[Any]]:
    """The default document with an example of 6.7 KB, and that example."""
    document = _default()
    shown = _example_of(document)
    third = copy.deepcopy(shown[1])
    third |= {"id": 48212, "name": "Eino Mäkelä", "externalId": "RES-0077"}
    third["tags"] = []
    shown.append(third)
    return document, shown


def generated() -> Document:
    """
    The drivers without examples, and of a size that the document fixes: so all products make the same amount.

    Lists have bounds, objects need all their properties, groups have no groups inside, and `x-faker`, which products
    understand differently, is left out.
    """
    document = recursive()
    schemas = document["components"]["schemas"]
    del schemas["ChargerGroup"]["properties"]["subgroups"]
    del schemas["ChargerGroup"]["properties"]["chargers"]
    for schema in list(_walk(document)):
        schema.pop("x-faker", None)
        if schema.get("type") == "array":
            schema |= {"minItems": 1, "maxItems": 1}
            schema.pop("nullable", None)
        if isinstance(schema.get("properties"), dict):
            schema["required"] = list(schema["properties"])
    _schema_of(document).update(minItems=2, maxItems=2)
    return document


def recursive() -> Document:
    """The default document as it is, without its examples: groups of chargers hold groups of chargers."""
    document = _default()
    operation = document["paths"][_PATH]["get"]
    for parameter in operation["parameters"]:
        parameter.pop("examples", None)
    for response in operation["responses"].values():
        for media in response.get("content", {}).values():
            media.pop("examples", None)
    return document


def many(count: int) -> Document:
    """A document of so many operations, each with a path, a parameter and an example of its own."""
    thing = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {
            "id": {"type": "integer", "format": "int64"},
            "name": {"type": "string"},
            "created": {"type": "string", "format": "date-time"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": f"{count} operations", "version": "1"},
        "paths": {_many_path(index): {"get": _many_operation(index)} for index in range(count)},
        "components": {"schemas": {"Thing": thing}},
    }


def many_example(index: int) -> Document:
    """The example of one operation of a large document."""
    return {
        "id": index,
        "name": f"Thing {index:05}",
        "created": "2026-03-14T09:26:53Z",
        "tags": ["first", "second", "third"],
    }


def many_paths(count: int) -> list[str]:
    """The path templates of a large document."""
    return [_many_path(index) for index in range(count)]


def many_targets(count: int) -> tuple[str, ...]:
    """Requests for up to a hundred operations, spread over the whole document; the first operation comes first."""
    asked = min(count, _ASKED)
    indices = [round(index * (count - 1) / max(asked - 1, 1)) for index in range(asked)]
    return tuple(_many_path(index).replace("{thingId}", "7") for index in indices)


def orders() -> Document:
    """The document of the cases with a body."""
    loaded: Document = yaml.safe_load((DOCUMENTS / "orders.yaml").read_text())
    return loaded


def order() -> Document:
    """A body of 6 KB that conforms."""
    address = {"street": "Tapionaukio", "number": "3 B", "postalCode": "02100", "city": "Espoo", "country": "FI"}
    return {
        "reference": str(UUID(int=0x5EED << 96)),
        "placed": "2026-03-14T09:26:53Z",
        "delivery": "2026-03-20",
        "currency": "EUR",
        "customer": {
            "id": 48210,
            "name": "Aino Virtanen",
            "email": "aino.virtanen@example.com",
            "phone": "+358401234567",
            "language": "fi",
            "since": "2019-05-01",
            "host": "192.0.2.17",
        },
        "shipping": address,
        "billing": {**address, "street": "Mannerheimintie", "postalCode": "00100", "city": "Helsinki"},
        "notes": "Leave it with the neighbour, please.",
        "callback": "https://shop.example.com/orders/48210/events",
        "lines": [_line(index) for index in range(21)],
    }


# Where `broken_order` breaks the document: once each.
BROKEN = 8


def broken_order() -> Document:
    """The same body with eight violations: formats, pattern, enumeration, bounds, type, and something required left out."""
    body = order()
    lines = body["lines"]
    body["placed"] = "yesterday"
    body["currency"] = "FIM"
    body["customer"]["email"] = "nobody"
    body["billing"]["postalCode"] = "1234"
    lines[2]["quantity"] = 0
    lines[9]["price"] = "12.50"
    lines[14]["id"] = "no-uuid"
    del lines[20]["sku"]
    return body


def dump(document: object) -> bytes:
    """Write a document or body."""
    return orjson.dumps(document)


def stored_schema(document: Document) -> Document:
    """
    A Schema Object of a document as JSON Schema, for products that are configured without the document.

    Only what `orders.yaml` needs: its schemas use no keyword that the two read differently.
    """
    text = dump(document["components"]["schemas"]).replace(b"#/components/schemas/", b"#/$defs/")
    schema = document["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/$defs/"), "$defs": orjson.loads(text)}


def _default() -> Document:
    document: Document = yaml.safe_load(DOCUMENT.read_text())
    del document["servers"]
    return document


def _example_of(document: Document) -> list[Any]:
    media = document["paths"][_PATH]["get"]["responses"]["200"]["content"]["application/json"]
    value: list[Any] = media["examples"]["twoDrivers"]["value"]
    return value


def _schema_of(document: Document) -> Document:
    schema: Document = document["paths"][_PATH]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


def _walk(value: object) -> Iterator[Document]:
    """All objects of a document."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _walk(item)


def _many_path(index: int) -> str:
    return f"/area{index % 10}/group{index // 10 % 100}/things{index}/{{thingId}}"


def _many_operation(index: int) -> Document:
    return {
        "operationId": f"getThing{index}",
        "parameters": [{"name": "thingId", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "responses": {
            "200": {
                "description": "One thing.",
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/Thing"},
                        "example": many_example(index),
                    }
                },
            }
        },
    }


def _line(index: int) -> Document:
    return {
        "id": str(UUID(int=index)),
        "sku": f"CHG-{1000 + index}",
        "name": f"Charging cable of {5 + index} metres, type 2",
        "quantity": 1 + index % 4,
        "price": 99.5 + index,
        "taxRate": 0.255,
        "gift": index % 5 == 0,
        "promised": "2026-03-20T12:00:00Z",
        "page": f"https://shop.example.com/products/{1000 + index}",
        "labels": ["outdoor", "ip67"],
    }
