"""A server in a thread of this process, for tests, with a loop of its own."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import uvicorn

from mock_server.errors import ListenError
from mock_server.server.listen import bind, make_config, origin
from mock_server.settings import Settings

T = TypeVar("T")
_PATIENCE = 30.0  # seconds for starting, for stopping and for what is done in the loop


class _SignallingServer(uvicorn.Server):
    """Says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[Any] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.ready.set()


class BackgroundServer:
    """Serves an application on a port of its own until it is stopped."""

    def __init__(self, app: Any, settings: Settings) -> None:  # noqa: ANN401 - any ASGI application
        """
        Start to serve.

        Args:
            app: What to serve.
            settings: The address; port 0 takes a free one.

        Raises:
            ListenError: the port can't be had, or the application does not start.
        """
        self._listening = bind(settings.host, settings.port)
        self.origin = origin(self._listening, settings)
        self._server = _SignallingServer(make_config(app, settings))
        self._thread = threading.Thread(target=self._run, name=f"mock-server {self.origin}", daemon=True)
        self._thread.start()
        while not self._server.ready.wait(0.05):
            if not self._thread.is_alive():
                self._listening.close()
                raise ListenError(f"the server at {self.origin} did not start")

    def call(self, work: Callable[[], T]) -> T:
        """Run a function in the server's loop, between requests."""
        loop = self._server.loop

        async def do() -> T:
            return work()

        if loop is None or loop.is_closed():
            return work()
        return asyncio.run_coroutine_threadsafe(do(), loop).result(_PATIENCE)

    def stop(self) -> None:
        """Stop, once open requests are answered."""
        self._server.should_exit = True
        self._thread.join(_PATIENCE)
        self._listening.close()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._listening]))
