"""Members of a request body that answers repeat."""

from mock_server.document.model import Missing
from mock_server.exchange.form import Upload, find_upload
from mock_server.exchange.message import Request
from mock_server.generate.echo import DELETED, RequestEcho
from mock_server.json_values import JsonObject, JsonValue

WITH_BODY = frozenset(("POST", "PUT", "PATCH", "QUERY"))

_OF_ANSWER = frozenset(("GET", "PUT", "PATCH"))  # whose path is that of what is answered
_DELETED: JsonObject = dict.fromkeys(sorted(DELETED), True)  # where a document has a place for it


def _described(upload: Upload) -> JsonObject:
    """Return what answers say of a file that was sent, by the names that it may have there."""
    said: JsonObject = {
        **dict.fromkeys(("size", "bytes", "fileSize", "contentLength", "sizeInBytes"), upload.size),
        **(dict.fromkeys(("filename", "name", "originalName", "title"), upload.name) if upload.name else {}),
        **(dict.fromkeys(("contentType", "mimeType", "mediaType"), upload.media_type) if upload.media_type else {}),
    }
    return said


def find_requested(method: str, status: int, request: Request, body: JsonValue | Missing) -> RequestEcho:
    """Return what a request says, as far as answers of success say it again."""
    if not 200 <= status < 300:  # noqa: PLR2004
        return RequestEcho()
    path, query = request.path.decode("latin-1"), request.query.decode("latin-1")
    return RequestEcho(_find_sent(method, request, body), path, query, is_of_answer=method in _OF_ANSWER)


def _find_sent(method: str, request: Request, body: JsonValue | Missing) -> JsonObject | list[JsonValue] | None:
    """Return what was sent, as answers say it again; that something was deleted they say as well."""
    if method == "DELETE":
        return _DELETED
    if method not in WITH_BODY:
        return None
    upload = find_upload(request)
    if upload is not None:
        return {
            **_described(upload),
            **({n: v for n, v in body.items() if n != upload.field} if isinstance(body, dict) else {}),
        }
    if not isinstance(body, dict | list):
        return None
    if isinstance(body, list):
        return body
    keyless = method != "POST"  # what is replaced or changed has the key that the path names
    return {name: value for name, value in body.items() if not (keyless and name in {"id", "uuid"})}
