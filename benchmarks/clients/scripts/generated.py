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
for id_, draft in DRAFTS.items():
    name = modules.get(snake(id_))
    if name is None:
        continue
    module = importlib.import_module(name)
    hints = typing.get_type_hints(module.sync_detailed)
    values = {snake(key): value for part in ("path", "query", "header") for key, value in draft[part].items()}
    arguments = {}
    for parameter in inspect.signature(module.sync_detailed).parameters.values():
        if parameter.name == "client":
            arguments["client"] = client
        elif parameter.name == "body" and draft["body"] is not None:
            arguments["body"] = body_of(hints["body"], draft["body"])
        elif parameter.name.rstrip("_") in values and parameter.default is parameter.empty:
            value = values[parameter.name.rstrip("_")]
            moment = "datetime" in str(hints[parameter.name]) and isinstance(value, str)
            kinds = [kind for kind in (hints[parameter.name], *typing.get_args(hints[parameter.name])) if isinstance(kind, type)]
            word = next((kind for kind in kinds if issubclass(kind, enum.Enum)), None)
            value = dt.datetime.fromisoformat(value) if moment else value
            arguments[parameter.name] = word(value) if word is not None else value
    call(id_, lambda module=module, arguments=arguments: module.sync_detailed(**arguments))
finish()
