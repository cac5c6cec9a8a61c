"""Seeds: the same words give the same chance in every process and on every machine."""

from hashlib import blake2b
from random import Random


def derive_seed(*parts: str | bytes | int) -> int:
    """Derive a seed of 64 bits from words; `hash()` would differ from process to process."""
    return seed_of(mark(*parts))


def mark(*parts: str | bytes | int) -> bytes:
    """Write words so that no others are written alike; what is written can be joined."""
    marked = b""
    for part in parts:
        if isinstance(part, bytes):
            data = part
        else:
            data = str(part).encode("utf-8", "surrogatepass")
        marked += b"%d:%b" % (len(data), data)
    return marked


def seed_of(marked: bytes) -> int:
    """Derive a seed from words that `mark` wrote."""
    return int.from_bytes(blake2b(marked, digest_size=8).digest(), "little")


def derive_random(*parts: str | bytes | int) -> Random:
    """Derive a generator of chance from words."""
    return Random(derive_seed(*parts))
