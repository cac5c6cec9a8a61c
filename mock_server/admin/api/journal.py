"""The journal: list, show, forget and export exchanges."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mock_server.admin.acts.journal import clear_journals, find_exchange, forget_exchanges
from mock_server.admin.exchange import AdminContext, is_matched, iter_entries, iter_lines
from mock_server.admin.json import malformed, missing, reply, some_worlds
from mock_server.json_values import JsonObject
from mock_server.respond.journal import Recorded

_MOST = 1_000  # exchanges of one answer, unless more are asked for
_LINES, _HAR = "application/x-ndjson", "application/har+json"
_FORMATS = {"ndjson": _LINES, "har": _HAR, "json": "application/json"}


def journal_routes(context: AdminContext) -> list[Route]:
    """Return the routes of the journal."""
    views = _JournalViews(context)
    return [
        Route("/__admin/requests", views.list, methods=["GET"]),
        Route("/__admin/requests", views.forget_all, methods=["DELETE"]),
        Route("/__admin/requests/reset", views.forget_all, methods=["POST"]),  # as older clients of WireMock ask for it
        Route("/__admin/requests/unmatched", views.unmatched, methods=["GET"]),
        Route("/__admin/requests/{id}", views.one, methods=["GET"]),
        Route("/__admin/requests/{id}", views.forget, methods=["DELETE"]),
    ]


class _JournalViews:
    def __init__(self, context: AdminContext) -> None:
        self._context = context

    async def list(self, request: Request) -> Response:
        """List the recorded exchanges, newest first; with format=ndjson or format=har, oldest first."""
        found = _select(self._context.exchanges(request), request)
        kind = _format_of(request)
        renderer = self._context.renderer
        if kind != "json":
            chosen = found[-_limit(request, len(found)) :] if found else []
            written: Iterator[bytes] = (
                iter_lines(chosen, renderer) if kind == "ndjson" else iter_entries(chosen, renderer)
            )
            name = f"requests.{kind}"
            fields = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
            return StreamingResponse(written, media_type=_FORMATS[kind], headers=fields)
        newest = found[::-1][: _limit(request, _MOST)]
        return reply(
            {
                "requests": [renderer.event(recorded) for recorded in newest],
                "meta": {"total": len(found)},
                **_state(self._context),
            }
        )

    async def unmatched(self, request: Request) -> Response:
        """List the requests that no operation or mapping matched, as WireMock's LoggedRequests."""
        found = [recorded for recorded in self._context.exchanges(request) if not is_matched(recorded)]
        renderer = self._context.renderer
        newest = found[::-1][: _limit(request, _MOST)]
        return reply({"requests": [renderer.request(recorded) for recorded in newest], **_state(self._context)})

    async def one(self, request: Request) -> Response:
        """Show one exchange."""
        return reply(self._context.renderer.event(self._find(request)))

    async def forget(self, request: Request) -> Response:
        """Forget one exchange."""
        forget_exchanges(some_worlds(request, self._context.backend.worlds), {self._find(request).id})
        return reply({})

    async def forget_all(self, request: Request) -> Response:
        """Forget all exchanges of a world."""
        clear_journals(some_worlds(request, self._context.backend.worlds))
        return reply({})

    def _find(self, request: Request) -> Recorded:
        id_ = request.path_params["id"]
        recorded = find_exchange(some_worlds(request, self._context.backend.worlds), id_)
        if recorded is None:
            most = self._context.backend.settings.journal
            raise missing(f"this world's journal has no request {id_!r}; it keeps the last {most:,}")
        return recorded


def _state(context: AdminContext) -> JsonObject:
    """Return the state of the journal: disabled or not, and the worker whose journal it is, if there are several."""
    settings = context.backend.settings
    workers: JsonObject = {"workers": settings.workers, "worker": os.getpid()} if settings.workers > 1 else {}
    return {"requestJournalDisabled": not settings.journal, **workers}


def _select(exchanges: list[Recorded], request: Request) -> list[Recorded]:
    """Return the exchanges that the query selects."""
    query = request.query_params
    since = _moment(query["since"]) if "since" in query else None
    operation, source, status, method = (query.get(name) for name in ("operation", "source", "status", "method"))
    text = query.get("contains", "").lower().encode()
    unmatched, found = _flag(request, "unmatched"), _flag(request, "findings")
    return [
        recorded
        for recorded in exchanges
        if (since is None or recorded.moment >= since)
        and (operation is None or recorded.operation == operation)
        and (source is None or recorded.answer.source.partition(":")[0] == source or recorded.answer.source == source)
        and (status is None or _has_status(recorded.answer.status, status))
        and (method is None or recorded.request.method == method.upper())
        and (unmatched is None or is_matched(recorded) is not unmatched)
        and (found is None or bool(recorded.answer.findings) is found)
        and (not text or text in _searched_text(recorded))
    ]


def _searched_text(recorded: Recorded) -> bytes:
    """Return the searched text: target and bodies, in lower case."""
    request = recorded.request
    return b"\n".join((request.path, request.query, request.body, recorded.answer.body)).lower()


def _has_status(status: int, wanted: str) -> bool:
    """Compare a status with `404` or `4XX`."""
    return len(wanted) == len(str(status)) and all(w in {s, "x", "X"} for w, s in zip(wanted, str(status), strict=True))


def _flag(request: Request, name: str) -> bool | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if text.lower() not in {"true", "false", ""}:
        raise malformed(f"{name} is true or false, not {text!r}")
    return text.lower() != "false"


def _limit(request: Request, otherwise: int) -> int:
    text = request.query_params.get("limit")
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):  # noqa: PLR2004 - as for mappings
        raise malformed(f"limit is a number from 1 to 999,999,999, not {text!r}")
    return int(text)


def _moment(text: str) -> float:
    """Read a moment, RFC 3339; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a plus that was not percent-encoded
    except ValueError as error:
        raise malformed(f"since is a moment such as 2026-11-23T10:00:00Z, not {text!r}") from error
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _format_of(request: Request) -> str:
    """Return `json`, `ndjson` or `har`, from `?format=` or else `Accept`."""
    name = request.query_params.get("format")
    if name is not None:
        if name not in _FORMATS:
            raise malformed(f"format is one of {', '.join(_FORMATS)}, not {name!r}")
        return name
    accept = request.headers.get("accept", "")
    if _LINES in accept:
        return "ndjson"
    if _HAR in accept:
        return "har"
    return "json"
