"""The charger API, right: answers with the document's own example."""

import copy
from pathlib import Path
from urllib.parse import unquote

import yaml

from tests.defects.providers import Ask, Provider, Refused, Reply, Spoil

CHARGING = Path(__file__).resolve().parent.parent.parent / "openapi.yaml"
_DOCUMENT = yaml.safe_load(CHARGING.read_text())
_OPERATION = _DOCUMENT["paths"]["/charger/{chargerId}/users"]["get"]
_USERS = next(iter(_OPERATION["responses"]["200"]["content"]["application/json"]["examples"].values()))["value"]


class Charging(Provider):
    """Who may charge: one operation, two keys."""

    prefix = "/api"

    def __init__(self, spoil: Spoil | None = None, off: frozenset[str] = frozenset(), salt: int = 0) -> None:
        super().__init__(spoil, off, salt)
        self.users = copy.deepcopy(_USERS)

    def answer(self, ask: Ask) -> Reply:
        segments = ask.path.split("/")
        if len(segments) != 4 or segments[1] != "charger" or segments[3] != "users":
            raise Refused(404, "no such path")
        if ask.method not in {"GET", "HEAD"}:
            reply = Refused(405, "no such method").reply()
            reply.headers["allow"] = "GET, HEAD"
            return reply
        if "auth" not in self.off and not {"code", "clientId"} <= ask.query.keys():
            return Reply(401, body=b"")
        if "forged" not in self.off and (ask.query.get("code"), ask.query.get("clientId")) != ("key-of-ada", "ada"):
            return Reply(401, body=b"")
        if not unquote(segments[2]).strip():
            return Reply(400, {"errorCode": "CHARGER_NOT_FOUND", "message": "no such charger"})
        return Reply(200, copy.deepcopy(self.users))
