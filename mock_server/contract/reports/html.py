"""
One self-contained HTML page of a run: tiles, findings to filter and group, depth, history. It asks no network.

Its one script is ours: the policy of the page names its digest, so that nothing that an API said can run.
"""

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files
from itertools import islice
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from mock_server.contract.reports.report import MOST_BODY, as_texts, is_red, list_objects
from mock_server.json_values import JsonObject, as_object

_MOST_EXCHANGES: Final = 300  # shown; all of them are in HAR and NDJSON
_MOST_RUNS: Final = 40

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("mock_server.contract.reports", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


_SCRIPT: Final = files("mock_server.contract.reports").joinpath("page.js").read_text("utf-8")
_HASH: Final = "sha256-" + base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()


def render_page(run: JsonObject, exchanges: Iterable[JsonObject], total: int) -> str:
    """
    Write a run.

    Args:
        run: Its digest.
        exchanges: Of the run; the first of them are shown.
        total: How many there are.
    """
    shown = [_shorten(exchange) for exchange in islice(exchanges, _MOST_EXCHANGES)]
    findings, history = list_objects(run["findings"]), list_objects(run.get("history"))
    before = set(as_texts(history[-2]["ids"])) if len(history) > 1 else None
    ids = {str(found["id"]) for found in findings if is_red(found)}
    return _ENVIRONMENT.get_template("page.html.jinja").render(
        run=run,
        exchanges=shown,
        total=total,
        red=sum(map(is_red, findings)),
        tiles=_tiles(run),
        depth=_depth(run),
        history=_bars(history),
        fresh=ids - before if before is not None else set(),
        gone=sorted(before - ids) if before is not None else [],
        script=_SCRIPT,
        script_hash=_HASH,
    )


def _shorten(exchange: JsonObject) -> JsonObject:
    """Cut the bodies of an exchange to what a page shows."""
    sides = {name: as_object(exchange[name]) for name in ("request", "response") if exchange[name] is not None}
    return {**exchange, **{name: {**side, **_shorten_body(side)} for name, side in sides.items()}}


def _shorten_body(message: JsonObject) -> JsonObject:
    for name in ("body", "body_base64"):
        text = message.get(name)
        if isinstance(text, str) and len(text) > MOST_BODY:
            whole = len(text.encode("utf-8", "surrogatepass")) if name == "body" else len(text) // 4 * 3
            return {name: text[:MOST_BODY], "size": whole}
    return {}


def _tiles(run: JsonObject) -> list[dict[str, Any]]:
    findings, depth = list_objects(run["findings"]), as_object(run["depth"])
    red = sum(map(is_red, findings))
    levels = [found["level"] for found in findings]
    reached, there = depth.get("reached"), depth.get("there")
    return [
        {"name": "errors", "value": red, "tone": "red" if red else "ok"},
        {"name": "warnings", "value": levels.count("warning"), "tone": ""},
        {"name": "unknown", "value": levels.count("unknown"), "tone": ""},
        {"name": "operations reached", "value": f"{reached} of {there}", "tone": "ok" if reached == there else ""},
        {"name": "of the contract", "value": f"{as_object(run['coverage']).get('percent')} %", "tone": ""},
        {"name": "requests", "value": run["requests"], "tone": ""},
        {"name": "seconds", "value": run["seconds"], "tone": ""},
    ]


def _bars(history: list[JsonObject]) -> list[dict[str, Any]]:
    """Return the bars of a chart: their heights in percent, of the most errors that there were."""
    shown = history[-_MOST_RUNS:]
    most = max(map(_count_red, shown), default=0) or 1
    return [{**item, "height": max(4, 100 * _count_red(item) // most)} for item in shown]


def _count_red(item: JsonObject) -> int:
    count = item["red"]
    return count if isinstance(count, int) else 0


def _depth(run: JsonObject) -> dict[str, dict[str, list[dict[str, str]]]]:
    """Return the operations by tag and path, each with how far the run came."""
    found: dict[str, dict[str, list[dict[str, str]]]] = {}

    def add(title: str, id_: str, tags: list[str], state: str, why: str) -> None:
        method, _, path = title.partition(" ")
        for tag in tags or ["without a tag"]:
            cell = {"method": method, "id": id_, "state": state, "why": why}
            found.setdefault(tag, {}).setdefault(path, []).append(cell)

    for tested in list_objects(run["operations"]):
        refused = ", ".join(f"{status} ({count})" for status, count in as_object(tested["refused"]).items())
        state = "reached" if tested["reached"] else "refused"
        refusal = as_object(tested["refusal"])
        said = f"; {refusal.get('status')} {refusal.get('message')}" if refusal else ""
        why = f"{tested['accepted']} answered with success, refused: {refused or 'none'}{said}"
        add(str(tested["title"]), str(tested["id"]), as_texts(tested.get("tags")), state, why)
    tags = as_object(run.get("skipped_tags"))
    for title in as_texts(run["skipped"]):
        add(title, title, as_texts(tags.get(title)), "unsent", "not sent without --mutating")
    return found
