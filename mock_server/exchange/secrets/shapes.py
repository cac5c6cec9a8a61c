"""
Secrets that show by their shape, whatever they are called.

They are keys of known services, JWT, PEM, credentials in URLs, and texts that only a generator of random characters
writes.

The last net takes runs of 24 to 512 characters of base64 that mix upper and lower case with digits and hold no words.
What identifies rather than opens is left alone: UUIDs, hexadecimal digests (git, MD5, SHA-256), numbers, ETags (see
`mask`), digests that say their algorithm (`sha256-…`). An expression is tried only where its marker is in the text, so
that a long text without secrets costs one search for each marker.
"""

import base64
import binascii
import math
import re
from collections.abc import Callable
from typing import Final

Cover = Callable[[str], str]

# Marker in the text, and what is secret around it.
_KEYS: Final = tuple(
    (marker, re.compile(pattern))
    for marker, pattern in (
        ("eyJ", r"\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*){1,3}"),  # JWT, RFC 7519; JWE, RFC 7516
        ("AKIA", r"\bAKIA[0-9A-Z]{12,128}\b"),
        ("ASIA", r"\bASIA[0-9A-Z]{12,128}\b"),
        ("ghp_", r"\bghp_[A-Za-z0-9]{10,255}"),
        ("gho_", r"\bgho_[A-Za-z0-9]{10,255}"),
        ("ghu_", r"\bghu_[A-Za-z0-9]{10,255}"),
        ("ghs_", r"\bghs_[A-Za-z0-9_.-]{10,255}"),
        ("ghr_", r"\bghr_[A-Za-z0-9]{10,255}"),
        ("github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{10,255}"),
        ("glpat-", r"\bglpat-[A-Za-z0-9_.-]{10,255}"),
        ("k_live_", r"\b[prs]k_live_[A-Za-z0-9]{6,255}"),
        ("k_test_", r"\b[prs]k_test_[A-Za-z0-9]{6,255}"),
        ("whsec_", r"\bwhsec_[A-Za-z0-9+/=]{8,255}"),
        ("xox", r"\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,255}"),
        ("xapp-", r"\bxapp-[A-Za-z0-9-]{8,255}"),
        ("hooks.slack.com/", r"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[A-Za-z0-9_/-]{8,255}"),
        ("/api/webhooks/", r"(?<=/api/webhooks/)[0-9]{5,30}/[A-Za-z0-9_-]{8,255}"),
        ("/IncomingWebhook/", r"(?<=/IncomingWebhook/)[A-Za-z0-9/_-]{8,255}"),
        ("hooks.zapier.com/", r"(?<=hooks\.zapier\.com/hooks/catch/)[A-Za-z0-9/_-]{4,255}"),
        ("/with/key/", r"(?<=/with/key/)[A-Za-z0-9_-]{8,255}"),
        ("/bot", r"(?<=/bot)[0-9]{5,20}:[A-Za-z0-9_-]{20,100}"),
        ("T-", r"\b(?:ST|PT|PGT|TGT)-[0-9]{1,20}-[A-Za-z0-9._-]{6,255}"),  # tickets of the CAS protocol
        ("PMAK-", r"\bPMAK-[0-9a-f]{10,80}(?:-[0-9a-f]{10,80})?"),
        ("SK", r"\bSK[0-9a-f]{32}\b"),
        ("key-", r"\bkey-[0-9a-f]{32}\b"),
        ("NRAK-", r"\bNRAK-[A-Z0-9]{20,40}\b"),
        ("HRKU-", r"\bHRKU-[A-Za-z0-9_-]{20,100}"),
        ("rubygems_", r"\brubygems_[0-9a-f]{30,80}"),
        ("tskey-", r"\btskey-[A-Za-z0-9-]{10,100}"),
        ("dckr_pat_", r"\bdckr_pat_[A-Za-z0-9_-]{10,100}"),
        ("sbp_", r"\bsbp_[0-9a-f]{30,80}"),
        ("AIza", r"\bAIza[0-9A-Za-z_-]{30,80}"),
        ("ya29.", r"\bya29\.[0-9A-Za-z_-]{10,2048}"),
        ("GOCSPX-", r"\bGOCSPX-[0-9A-Za-z_-]{10,80}"),
        ("sk-", r"\bsk-[A-Za-z0-9_-]{16,255}"),
        ("SG.", r"\bSG\.[A-Za-z0-9_-]{10,80}\.[A-Za-z0-9_-]{10,80}"),
        ("npm_", r"\bnpm_[A-Za-z0-9]{20,80}"),
        ("pypi-", r"\bpypi-[A-Za-z0-9_-]{16,512}"),
        ("hf_", r"\bhf_[A-Za-z0-9]{20,80}"),
        ("dop_v1_", r"\bdop_v1_[0-9a-f]{20,80}"),
        ("shp", r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{20,80}"),
        ("dapi", r"\bdapi[0-9a-f]{30,40}\b"),
        ("hvs.", r"\bhvs\.[A-Za-z0-9_-]{20,255}"),
        ("AGE-SECRET-KEY-", r"\bAGE-SECRET-KEY-1[0-9A-Z]{20,80}"),
        ("AccountKey=", r"(?<=AccountKey=)[A-Za-z0-9+/=]{10,255}"),
        (
            "PRIVATE KEY",
            (
                r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END)[\s\S])*"
                r"(?:-----END [A-Z0-9 ]{0,40}-----)?"
            ),
        ),
    )
)
# In a short text, one search for all markers takes less time than one for each of them.
_MARKER: Final = re.compile("|".join([re.escape(marker) for marker, _ in _KEYS]))
_FEW: Final = 250  # characters
# Userinfo in a URL, RFC 3986, section 3.2.1: `://user:password@`, and a lone token before the `@`.
_USERINFO: Final = re.compile(r"(://[^\s/?#:@\"'<>]{0,256}+:)([^\s/?#\"'<>]{1,512})(@)")
_LONE_USER: Final = re.compile(r"(://)([A-Za-z0-9._~+-]{12,512}+)(@)")
_SCHEME: Final = re.compile(
    r"\b(bearer|basic|token|negotiate|ntlm|apikey|aws4-hmac-sha256)([ \t]{1,8}|%20|\+)([A-Za-z0-9._~+/%-]{4,4096}+=*)",
    re.IGNORECASE,
)
_SCHEMES: Final = ("earer", "EARER", "asic", "ASIC", "oken", "OKEN", "egotiate", "NTLM", "pikey", "piKey", "HMAC")
_RUN: Final = re.compile(r"(?<![A-Za-z0-9+/_\-])[A-Za-z0-9+/_\-]{12,}+={0,2}")
_SHORTEST_RUN: Final = 24
_LONGEST_RUN: Final = 512  # characters: what is longer is content, not a key
_LONGEST_ENCODED: Final = 4096  # characters of base64 that are looked into
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_DIGIT: Final = re.compile(r"[0-9]")
_HEX: Final = re.compile(r"(?:0[xX])?[0-9a-fA-F]+\Z")
_WORDS: Final = re.compile(r"[A-Z]?[a-z]{3,}")
_DIGEST: Final = re.compile(r"(?:sha-?[0-9]{1,3}|md5)[-=:]+\Z", re.IGNORECASE)
_DIGEST_RUN: Final = re.compile(r"(?:sha-?[0-9]{1,3}|md5)-", re.IGNORECASE)
_LEAST_ENTROPY: Final = 3.5  # bits a character; English has about 4, of fewer different ones in so short a text
_DIGITS_OF_WORD: Final = 0.4  # share of a text that may stand in words


def has_marker(text: str) -> bool:
    """Return whether a text may hold a key of a known shape."""
    return len(text) > _FEW or _MARKER.search(text) is not None


def cover_keys(text: str, cover: Cover) -> str:
    """Cover keys of known shapes, credentials in URLs and after the name of an authentication scheme."""
    if has_marker(text):
        for marker, pattern in _KEYS:
            if marker in text:
                text = pattern.sub(lambda found: cover(found.group()), text)
    if "://" in text and "@" in text:
        text = _USERINFO.sub(lambda found: found.group(1) + cover(found.group(2)) + found.group(3), text)
        text = _LONE_USER.sub(lambda found: found.group(1) + _cover_lone(found.group(2), cover) + found.group(3), text)
    if (" " in text or "+" in text or "%20" in text or "\t" in text) and any(marker in text for marker in _SCHEMES):
        text = _SCHEME.sub(lambda found: found.group(1) + found.group(2) + _cover_credentials(found, cover), text)
    return text


def cover_runs(text: str, cover: Cover, *, looks_inside: Callable[[str], bool]) -> str:
    """
    Cover what looks random, the last net.

    Args:
        text: Any text.
        cover: What takes the place of a secret.
        looks_inside: Whether a text that was found in base64 holds a secret.
    """

    def replace(found: re.Match[str]) -> str:
        run = found.group()
        if _DIGEST_RUN.match(run) or _DIGEST.search(text, max(found.start() - 8, 0), found.start()):
            return run
        if is_random(run) or _holds(run, looks_inside):
            return cover(run)
        return run

    return _RUN.sub(replace, text)


def is_random(text: str) -> bool:
    """
    Check whether a text looks like the output of a generator of random characters.

    See the module for what is left out.
    """
    bare = text.rstrip("=")
    if not _SHORTEST_RUN <= len(bare) <= _LONGEST_RUN or _HEX.match(bare) or _UUID.search(bare):
        return False
    is_mixed = bare.lower() != bare != bare.upper()
    if not is_mixed or not (len(bare) > _SHORTEST_RUN + 8 or _DIGIT.search(bare)):
        return False
    in_words = sum(len(word) for word in _WORDS.findall(bare) if len(word) > 3)  # noqa: PLR2004 - chance makes shorter ones
    return in_words < _DIGITS_OF_WORD * len(bare) and _is_varied(bare)


def is_opaque(text: str) -> bool:
    """Check whether a text after a telling name is more than a word or a number."""
    if len(text) < 6 or len(text) >= 16:  # noqa: PLR2004
        return len(text) >= 16  # noqa: PLR2004
    if text.isalpha() or text.isdigit():
        return False
    return any(char.isdigit() for char in text) and any(char.isalpha() for char in text)


def decode_basic(credentials: str) -> str | None:
    """Read `user:password` in base64, RFC 7617; None where it is none."""
    text = decode_base64(credentials)
    if text is not None and ":" in text:
        return text
    return None


def decode_base64(text: str) -> str | None:
    """Read base64 or base64url, with its padding or without, that holds printable text; None where it does not."""
    bare = text.rstrip("=")
    if len(bare) % 4 == 1 or not bare.isascii() or bare[:1] in _NO_TEXT:
        return None
    try:
        decoded = base64.b64decode(
            bare.encode().translate(_TO_STANDARD) + b"=" * (-len(bare) % 4), validate=True
        ).decode()
    except (binascii.Error, ValueError):
        return None
    if decoded.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        return decoded
    return None


# How base64 begins whose first byte is a control character, or begins no character in UTF-8.
_NO_TEXT: Final = frozenset("ABEFGHghijklmnopqrstuv+/-_")
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def _cover_lone(user: str, cover: Cover) -> str:
    if is_opaque(user) and not user.isalpha():
        return cover(user)
    return user


def _cover_credentials(found: re.Match[str], cover: Cover) -> str:
    """Cover what follows the name of a scheme, unless it is the next word of a sentence."""
    credentials = found.group(3)
    bare = credentials.rstrip("=.")
    is_word = bare.isalpha() and (bare.islower() or bare.istitle()) and len(bare) < 20  # noqa: PLR2004 - as in "Bearer authentication"
    is_named = found.group(1).lower() in {"token", "apikey"} and not is_opaque(bare)
    if is_word or is_named:
        return credentials
    return cover(credentials)


def _holds(run: str, looks_inside: Callable[[str], bool]) -> bool:
    decoded = decode_base64(run) if len(run) <= _LONGEST_ENCODED else None
    return decoded is not None and len(decoded) >= 8 and looks_inside(decoded)  # noqa: PLR2004 - shorter ones decode by chance


def _is_varied(text: str) -> bool:
    """Check that a text has so many different characters, about as often as each other, as chance makes them."""
    characters = set(text)
    if len(characters) < _FEWEST_CHARACTERS:
        return False
    rest = len(text) - len(characters) + 1  # how often one of them is there at most; the others are then there once
    if math.log2(len(text)) - _BITS[rest] / len(text) >= _LEAST_ENTROPY:
        return True
    return math.log2(len(text)) - sum([_BITS[text.count(each)] for each in characters]) / len(text) >= _LEAST_ENTROPY


_FEWEST_CHARACTERS: Final = math.ceil(2**_LEAST_ENTROPY)
# By how often a character is in a text: what Shannon's entropy of the text, in bits a character, is made of.
_BITS: Final = (0.0, *(count * math.log2(count) for count in range(1, _LONGEST_RUN + 1)))
