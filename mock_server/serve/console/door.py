"""
The door: who may come in, and what a page may do once it is in a browser.

Who may is decided by the admin side's guard, since both show and change the same. Who lacks its token is shown a form for it
instead of a page; the cookie that it gets says nothing of the token, and is sent by pages of this origin only.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from mock_server.serve.admin.guard import Guard
from mock_server.serve.browser import page_fields
from mock_server.serve.console.context import ROOT, Context

LOGIN: Final = f"{ROOT}/login"
FIELDS: Final = page_fields(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_TOKEN_NEEDED: Final = 401


class Door:
    """Lets requests in, or answers them itself."""

    def __init__(self, context: Context, guard: Guard) -> None:
        self._context = context
        self._guard = guard

    async def answer(self, request: Request) -> Response | None:
        """What is answered instead of a page; None for who may come in."""
        if request.url.path.startswith(f"{ROOT}/static/"):
            return None  # the same for everybody, and the form looks better with it
        refusal = self._guard.refuse(request.method, request.headers.raw)
        if refusal is None:
            return RedirectResponse(f"{ROOT}/", 303) if request.url.path == LOGIN else None
        if refusal.status == _TOKEN_NEEDED and request.url.path == LOGIN and request.method == "POST":
            return await self._log_in(request)
        await self._guard.slow_down(request.headers.raw)
        if refusal.status != _TOKEN_NEEDED:
            return PlainTextResponse(refusal.body, refusal.status)
        return self._form(request, "")

    async def _log_in(self, request: Request) -> Response:
        form = await request.form()
        if not self._guard.accepts(str(form.get("token", "")).strip()):
            await self._guard.brake.wait()
            return self._form(request, "That is not the token.")
        response = RedirectResponse(_inside(str(form.get("to", ""))), 303)
        response.raw_headers.append(
            (b"set-cookie", self._guard.set_cookie(secure=self._context.backend.settings.tls_cert is not None).encode())
        )
        return response

    def _form(self, request: Request, problem: str) -> Response:
        to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return self._context.show(
            request, "login", page="", status=_TOKEN_NEEDED, problem=problem, to=to if request.method == "GET" else ""
        )


def _inside(to: str) -> str:
    """Where somebody wanted to go; nowhere else but into the console."""
    parts = urlsplit(to)
    return to if not parts.netloc and not parts.scheme and to.startswith(f"{ROOT}/") and to != LOGIN else f"{ROOT}/"
