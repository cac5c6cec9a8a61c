"""The JSON Schema of a settings file, for editors: written from the rows, as the reference is."""

from collections.abc import Mapping
from typing import Any, Final

from mock_server.json_values import JsonObject
from mock_server.settings import SETTINGS
from mock_server.settings.contract import LOGIN_ROWS, TestedOperation, takes_table
from mock_server.settings.types import Setting, schema_of_rows, schema_of_tables

_ABOUT: Final = (
    "Settings of mock-server: mock-server.toml, or the table [tool.mock-server] of pyproject.toml. A row is a flag and "
    "a variable of the environment as well."
)


def make_settings_schema(options: Mapping[str, Mapping[str, JsonObject]]) -> dict[str, Any]:
    """
    Make the schema.

    Args:
        options: By command with a table of its own, by name: the schemas of its options.
    """
    commands = {name: _describe_table(name, own) for name, own in options.items()}
    login = {"$ref": "#/$defs/login"}
    rows = _refer("login", LOGIN_ROWS)
    one = {name: row if takes_table(name) else {"anyOf": [row, login]} for name, row in rows.items()}
    commands["test"]["properties"] |= {
        # tables in it are logins of their own
        "auth": {"type": "object", "properties": one, "additionalProperties": login},
        "operations": schema_of_tables(TestedOperation),
    }
    serve = {"$ref": "#/$defs/settings", "description": "Settings that hold for mock-server serve alone."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mock-server.toml",
        "description": _ABOUT,
        **_close({**_refer("settings", SETTINGS), "serve": serve, **commands}),
        "$defs": {"settings": _define("settings", SETTINGS), "login": _define("login", LOGIN_ROWS)},
    }


def _define(name: str, rows: Mapping[str, Setting]) -> dict[str, Any]:
    """Describe a table of rows; a name with dashes means the one with underscores."""
    dashed = {spelling: ref for spelling, ref in _refer(name, rows).items() if spelling not in rows}
    return _close({**schema_of_rows(rows), **dashed})


def _refer(name: str, rows: Mapping[str, Setting]) -> dict[str, Any]:
    """Refer to the rows of a table that is defined, in both spellings of their names: `max_body` and `max-body`."""
    return {
        spelling: {"$ref": f"#/$defs/{name}/properties/{row}"}
        for row in rows
        for spelling in dict.fromkeys((row, row.replace("_", "-")))
    }


def _describe_table(name: str, options: Mapping[str, JsonObject]) -> dict[str, Any]:
    """Describe the table of a command's flags, in both spellings of their names."""
    dashed = {
        option.replace("-", "_"): {"$ref": f"#/properties/{name}/properties/{option}"}
        for option in options
        if "-" in option
    }
    return {**_close({**options, **dashed}), "description": f"Flags of mock-server {name}."}


def _close(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {**properties}, "additionalProperties": False}
