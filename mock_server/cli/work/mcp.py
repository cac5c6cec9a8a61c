"""`mock-server mcp`: the tools of this program for coding agents."""

import asyncio
import importlib
import os
from pathlib import Path

from mock_server.cli.configure import configure, current_source
from mock_server.cli.logs import set_up_logs
from mock_server.cli.terminal import say
from mock_server.errors import UsageError

_PORT = 4012  # next to those of mocks


def mcp(*, http: bool, **flags: object) -> None:
    """
    Serve until the client leaves, or until Ctrl-C.

    Args:
        http: Streamable HTTP, in place of standard input and output.
        flags: Settings by their names.

    Raises:
        UsageError: the extra is not installed.
    """
    settings = configure({**flags, "port": flags["port"] if flags["port"] is not None else _PORT})
    set_up_logs("none")
    try:
        module = importlib.import_module("mock_server.mcp.server")
    except ModuleNotFoundError as error:
        raise UsageError("this needs the package mcp: pip install mcp") from error
    _hand_on_source()
    server = module.AgentServer(Path.cwd(), settings)
    if http:
        server.serve_http(say)
    else:
        asyncio.run(server.speak_stdio())


def _hand_on_source() -> None:
    """Let the commands that tools run read the settings file that was chosen here."""
    source = current_source()
    if source.named is not None:
        os.environ["MOCK_SERVER_CONFIG"] = str(source.named.absolute())
    elif source.is_trusted:
        os.environ["MOCK_SERVER_TRUST_SETTINGS"] = "true"
