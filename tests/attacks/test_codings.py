"""Bodies that are packed to do harm: bombs, layers, many parts, what breaks off. Each has its verdict and its cost."""

import gzip
import time
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard

from tests.support.admin_side import answered
from tests.support.asgi_client import AsgiClient
from tests.support.mocks import minimal

MB = 1024 * 1024
LIMIT = MB  # of the server in these tests
SECONDS = 1.0  # of CPU time that one such request may cost at most
POSTED = {"requestBody": {"required": True, "content": {"application/json": {}, "text/plain": {}}}}
DOCUMENT = minimal({"/a": {"post": answered({"const": 1}, operationId="a", **POSTED)}})
TEXT = b'{"n": 1}'


def bare(data: bytes) -> bytes:
    """Deflate without zlib's frame, as some programs send it."""
    coder = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return coder.compress(data) + coder.flush()


def layers(data: bytes, count: int) -> bytes:
    for _ in range(count):
        data = gzip.compress(data)
    return data


RIGHT = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "its old name": ("x-gzip", gzip.compress(TEXT)),
    "in capitals": ("GZIP", gzip.compress(TEXT)),
    "several members": ("gzip", gzip.compress(TEXT[:3]) + gzip.compress(TEXT[3:])),
    "padded with zeros": ("gzip", gzip.compress(TEXT) + bytes(1000)),
    "deflate": ("deflate", zlib.compress(TEXT)),
    "deflate without a frame": ("deflate", bare(TEXT)),
    "brotli": ("br", brotli.compress(TEXT)),
    "zstd": ("zstd", zstandard.compress(TEXT)),
    "zstd in frames": ("zstd", zstandard.compress(TEXT[:3]) + zstandard.compress(TEXT[3:])),
    "two codings": ("deflate, br", brotli.compress(zlib.compress(TEXT))),
    "five codings": ("gzip,gzip,gzip,gzip,gzip", layers(TEXT, 5)),
    "identity": ("identity", TEXT),
    "identity and gzip": ("identity, gzip,", gzip.compress(TEXT)),
    "nothing named": ("", TEXT),
}
ATTACKS = {
    "a bomb of gzip": ("gzip", gzip.compress(bytes(64 * MB)), 413),
    "a bomb of zlib": ("deflate", zlib.compress(bytes(64 * MB)), 413),
    "a bomb of bare deflate": ("deflate", bare(bytes(64 * MB)), 413),
    "a bomb of brotli": ("br", brotli.compress(bytes(64 * MB), quality=1), 413),
    "a bomb of zstd": ("zstd", zstandard.compress(bytes(64 * MB)), 413),
    "a bomb in members": ("gzip", gzip.compress(bytes(MB)) * 64, 413),
    "a bomb in frames": ("zstd", zstandard.compress(bytes(MB)) * 64, 413),
    "a bomb in a bomb": ("gzip, gzip", gzip.compress(gzip.compress(bytes(64 * MB))), 413),
    "a window of a gigabyte": ("zstd", b"\x28\xb5\x2f\xfd\x00\xa8" + bytes(40), 400),
    "empty members without end": ("gzip", gzip.compress(b"") * (LIMIT // 20), 400),
    "empty frames without end": ("zstd", zstandard.compress(b"") * (LIMIT // 9), 400),
    "too many codings": (",".join(["gzip"] * 6), layers(TEXT, 6), 415),
    "codings by the thousand": (",".join(["gzip"] * 5000), b"x", 415),
    "an unknown coding": ("exi", TEXT, 415),
    "an unknown one below a known one": ("exi, gzip", gzip.compress(TEXT), 415),
    "no coding's name": ("\xe9\x00../../etc", TEXT, 415),
    "not coded at all": ("gzip", TEXT, 400),
    "another coding than it says": ("br", gzip.compress(TEXT), 400),
    "gzip that breaks off": ("gzip", gzip.compress(TEXT * 50)[:-9], 400),
    "zlib that breaks off": ("deflate", zlib.compress(TEXT * 50)[:-5], 400),
    "brotli that breaks off": ("br", brotli.compress(TEXT * 50)[:-2], 400),
    "zstd that breaks off": ("zstd", zstandard.compress(TEXT * 50)[:-3], 400),
    "a wrong checksum": ("gzip", gzip.compress(TEXT)[:-8] + bytes(8), 400),
    "something after the end": ("gzip", gzip.compress(TEXT) + b"<script>", 400),
    "something after the frame": ("zstd", zstandard.compress(TEXT) + b"<script>", 400),
    "right, but of another kind": ("gzip", gzip.compress(b"{"), 422),
}


def post(client: AsgiClient, coding: str, data: bytes) -> tuple[int, float, dict[str, str]]:
    """Send a body; give the status, the seconds of CPU time that it cost, and the header fields."""
    began = time.process_time()
    said = client.ask("/a", "POST", body=data, headers={"content-type": "application/json", "content-encoding": coding})
    return said.status, time.process_time() - began, said.fields


@pytest.mark.parametrize("name", RIGHT)
def test_a_coded_body_is_read(admin: Callable[..., AsgiClient], name: str) -> None:
    status, _, fields = post(admin(DOCUMENT, max_body=LIMIT), *RIGHT[name])

    assert (status, "sl-violations" in fields) == (200, False)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_body_that_is_coded_to_do_harm_costs_little_and_is_refused(
    admin: Callable[..., AsgiClient], name: str
) -> None:
    coding, data, expected = ATTACKS[name]
    status, seconds, fields = post(admin(DOCUMENT, max_body=LIMIT), coding, data)

    assert status == expected
    assert seconds < SECONDS
    assert (fields.get("accept-encoding") == "gzip, deflate, br, zstd") is (expected == 415)
