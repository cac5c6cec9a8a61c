"""Listening with the settings of `mock-server serve`, so that what differs is the application."""

from typing import Any

import uvicorn


def listen(app: Any, port: int) -> None:
    """Serve until a signal says to stop."""
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, server_header=False)
