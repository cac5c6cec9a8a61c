"""A provider in process, tested."""

import json
from collections.abc import Callable
from pathlib import Path

from mock_server import load
from mock_server.contract.api import make_api
from mock_server.contract.knowledge.memory import GivenValues, Memory
from mock_server.contract.run import Options, Run
from mock_server.contract.runner import Report, Runner
from mock_server.contract.transport.http import AnswerLimits
from mock_server.contract.transport.in_process import open_app


def report_on(app: Callable, paths: dict, folder: Path, given: GivenValues | None = None) -> Report:
    """Test an application against a document with these paths."""
    where = folder / "openapi.json"
    where.write_text(json.dumps({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths}))
    document = load(where)
    api = make_api(document, "", 0)
    sender = open_app(app, AnswerLimits(seconds=2))
    try:
        return Runner(
            Run(api, sender, Options(), Memory(document, api.router, "", given or GivenValues())), document.entries
        ).report()
    finally:
        sender.close()
