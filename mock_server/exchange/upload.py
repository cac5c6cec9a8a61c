"""
What is said of an uploaded file: its name, its size and its media type.

Source: RFC 7578, section 4.2, and RFC 6266
"""

import re
from typing import Final, NamedTuple

from mock_server.exchange.message import Request, find_field

_LONGEST: Final = 4_096  # bytes of the header fields of a part
_FIRST: Final = 65_536  # bytes of a body in which the head of its first file is looked for
_PART: Final = re.compile(
    rb"content-disposition:[^\r\n]{0,512}?;\s*name=\"?([^\";\r\n]{1,256})\"?[^\r\n]{0,512}?;\s*filename=\"([^\"\r\n]{0,512})\"",
    re.IGNORECASE,
)
_TYPE: Final = re.compile(rb"content-type:\s*([^\r\n;]{1,256})", re.IGNORECASE)


class Upload(NamedTuple):
    """A file that was sent."""

    field: str  # of the form; empty where the body is the file
    name: str  # empty where it has none
    size: int  # bytes
    media_type: str


def find_upload(request: Request) -> Upload | None:
    """The first file of a request: a part of a multipart form with a file's name, or a body of bytes; None where there is none."""
    said = find_field(request.fields, b"content-type") or ""
    kind = said.partition(";")[0].strip().lower()
    if kind == "application/octet-stream" or kind.startswith(("image/", "audio/", "video/")):
        return Upload("", "", len(request.body), kind)
    if kind != "multipart/form-data":
        return None
    boundary = re.search(r"boundary=\"?([^\";\s]{1,200})", said, re.IGNORECASE)
    found = _PART.search(request.body, 0, _FIRST)
    if boundary is None or found is None:
        return None
    begin = request.body.find(b"\r\n\r\n", found.end(), found.end() + _LONGEST)
    end = request.body.find(b"\r\n--" + boundary.group(1).encode("latin-1", "replace"), begin)
    if begin < 0 or end < begin:
        return None
    head = request.body[request.body.rfind(b"--", 0, found.start()) : begin]
    media_type = _TYPE.search(head)
    name = found.group(2).decode("utf-8", "replace")
    return Upload(
        found.group(1).decode("utf-8", "replace"),
        name,
        end - begin - 4,
        media_type.group(1).decode("latin-1").strip() if media_type is not None else "",
    )
