"""A client that openapi-python-client generates, its models attrs': each operation once, with a request that our own engine drafted."""

import datetime as dt
import enum
import importlib
import inspect
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import typing
from pathlib import Path

from calls import DRAFTS, URL, call, finish

folder = Path(os.environ["MOCK_WORK"]) / "generated"
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
command = [
    str(Path(sys.executable).parent / "openapi-python-client"),
    "generate",
    "--path",
    os.environ["MOCK_DOCUMENT"],
    "--meta",
    "none",
    "--output-path",
    str(folder / "made"),
]
subprocess.run(command, check=True, capture_output=True)
sys.path.insert(0, str(folder))
made = importlib.import_module("made")
client = made.AuthenticatedClient(base_url=URL, token="t", raise_on_unexpected_status=True)


def snake(name):
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")


def body_of(annotation, value):
    for kind in typing.get_args(annotation) or (annotation,):
        if hasattr(kind, "from_dict") and isinstance(value, dict):
            return kind.from_dict(value)
    return value


api = importlib.import_module("made.api")
modules = {m.name.rpartition(".")[2]: m.name for m in pkgutil.walk_packages(api.__path__, "made.api.") if not m.ispkg}


def plain(kind, value):
    """A value as the client takes it: a moment, a word of an enum, or as it is."""
    if "datetime" in str(kind) and isinstance(value, str):
        return dt.datetime.fromisoformat(value)
    word = next(
        (each for each in (kind, *typing.get_args(kind)) if isinstance(each, type) and issubclass(each, enum.Enum)),
        None,
    )
    return word(value) if word is not None and not isinstance(value, list) else value


def ask(module, draft):
    """Make the request of a draft."""
    hints = typing.get_type_hints(module.sync_detailed)
    values = {snake(key): value for part in ("path", "query", "header") for key, value in draft[part].items()}
    arguments = {}
    for parameter in inspect.signature(module.sync_detailed).parameters.values():
        name = parameter.name.rstrip("_")
        if name == "client":
            arguments[name] = client
        elif name == "body" and draft["body"] is not None:
            arguments[name] = body_of(hints[name], draft["body"])
        elif name in values and parameter.default is parameter.empty:
            arguments[parameter.name] = plain(hints[parameter.name], values[name])
    return module.sync_detailed(**arguments)


for id_, draft in DRAFTS.items():
    name = modules.get(snake(id_))
    if name is not None:
        call(id_, lambda name=name, draft=draft: ask(importlib.import_module(name), draft))
finish()
