"""
Which names say that a value is a secret: `password`, `accessToken`, `X-Auth-Key`, `user[pwd]`, `connect.sid`.

A name is judged by its words, however they are joined (camelCase, snake_case, kebab-case, dots, brackets), so that
`passenger`, `compass`, `design` and `tokenizer` stay what they are. Names that count (`max_tokens`, `sessionDuration`) keep
their numbers, names of kinds (`token_type`) their words, and a token that is a place in a list (`nextPageToken`) is none.
"""

import re
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise
from typing import Final

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|[0-9]+")
_SECRET: Final = frozenset(
    ("apikey", "apikeys", "authorization", "bearer", "contraseña", "contrasena", "cookie", "cookies", "cred", "creds", "csrf", "cvc",
     "cvv", "hmac", "jsessionid", "jwt", "jwts", "kennwort", "mdp", "otp", "otps", "parola", "pass", "passwort", "phpsessid", "pswd", "psw",
     "pwd", "pwds", "senha", "sess", "sessid", "session", "sessionid", "sid", "sig", "token", "tokens", "totp", "wachtwoord", "xsrf")
)  # fmt: skip
# Words that contain a secret one, written together: `userpassword`, `accesstoken`, `mysecret`, `secretAccessKey`.
_COMPOUND: Final = re.compile(
    r"passw[o0]?r?d|passphrase|passcode|credential|csrf|xsrf|apikey|accesskey|privatekey|secretkey|authkey|sessionid|sessid|signature"
    r"|tokens?\Z|secrets?\Z|pwd\Z|^(?:user|db|my|admin|root|sql|smtp|ftp|http|proxy|login)pass\Z|^jwt|jwt\Z|^otp(?:code|auth)"
    r"|^secret(?!ar|ion|iv|ly|e[sd]?\Z)"
)
_NOT_COMPOUND: Final = re.compile(r"^be?token|^passw(?:ay|ear)")
# Words that make a key a secret one.
_KEYS: Final = frozenset(
    ("access", "account", "api", "app", "application", "auth", "client", "consumer", "encryption", "license", "master", "private",
     "security", "service", "shared", "signing", "storage", "subscription", "ssh")
)  # fmt: skip
# What proves who someone is, in two words.
_PROOFS: Final = frozenset(
    (first, second) for first in ("backup", "fa", "mfa", "recovery", "scratch", "unlock") for second in ("code", "codes", "phrase")
) | {("security", "answer"), ("security", "answers"), ("seed", "phrase")}
_AUTH: Final = frozenset(("code", "cookie", "data", "hash", "header", "headers", "info", "string", "user", "value"))
# Words of numbers: what ends so says how many, how long, when, which one.
_COUNTS: Final = frozenset(
    ("age", "at", "attempts", "budget", "consumed", "cost", "count", "counts", "details", "duration", "expire", "expires", "expiration",
     "expiry", "exp", "in", "index", "indices", "length", "lifetime", "limit", "limits", "minutes", "ms", "percent", "quota", "rate",
     "ratio", "remaining", "retries", "seconds", "size", "spent", "timeout", "total", "totals", "ttl", "usage", "used", "version")
)  # fmt: skip
_AMOUNTS: Final = frozenset(("max", "maximum", "min", "minimum", "num", "number", "total"))  # what begins so is a number
# Tokens that are counted: those of language models and rate limits.
_COUNTED: Final = _COUNTS | _AMOUNTS | frozenset(
    ("audio", "available", "cached", "completion", "generated", "input", "output", "per", "prompt", "reasoning", "reserved", "thinking")
)  # fmt: skip
# Words of kinds and places: what such a name says is a word or a URL, not the secret itself.
_KINDS: Final = frozenset(
    ("alg", "algorithm", "algorithms", "description", "enabled", "endpoint", "format", "label", "method", "methods", "name", "names",
     "policy", "required", "status", "strength", "supported", "title", "type", "types", "uri", "url")
)  # fmt: skip
_PLACES: Final = frozenset(("continuation", "cursor", "next", "page", "prev", "previous", "resume", "start", "sync"))
_TOKENS: Final = frozenset(("token", "tokens"))
_NUMBER: Final = re.compile(r"[-+]?[0-9][0-9.,:+\-TZe]{0,40}[a-z%]{0,3}\Z")
_PIN: Final = re.compile(r"[0-9]{3,12}\Z")
_PLAIN: Final = frozenset(("", "true", "false", "null", "none"))


class Secrecy(Enum):
    """What a name says of its value."""

    OPEN = auto()
    SECRET = auto()
    COUNT = auto()  # a secret unless it is a number
    KIND = auto()  # a word about secrets
    PIN = auto()  # a secret if it consists of a few digits


def split_name(name: str) -> list[str]:
    """Split a name into its words, in lower case."""
    return [word.lower() for word in _WORDS.findall(name[:200])]


@lru_cache(maxsize=8192)
def judge_name(name: str) -> Secrecy:
    """Judge what a name says of its value."""
    words = split_name(name)
    secret = {word for word in words if _is_secret_word(word)} | _secret_pair(words)
    if not secret:
        return Secrecy.PIN if "pin" in words else Secrecy.OPEN
    if secret <= _TOKENS and not _PLACES.isdisjoint(words):
        return Secrecy.OPEN
    if words[-1] in _KINDS and len(words) > 1:
        return Secrecy.KIND
    is_counted = secret <= _TOKENS and not _COUNTED.isdisjoint(words)
    return Secrecy.COUNT if is_counted or words[-1] in _COUNTS or words[0] in _AMOUNTS else Secrecy.SECRET


def is_place_name(name: str) -> bool:
    """Check whether a name is that of a place in a list: its value is opaque, but no secret."""
    return not _PLACES.isdisjoint(split_name(name))


def hides(name: str, value: str) -> bool:
    """Check whether a name makes a secret of a text, as it stands in a query, a form or a header field."""
    secrecy = judge_name(name)
    if secrecy in {Secrecy.OPEN, Secrecy.KIND} or value.lower() in _PLAIN:
        return False
    if secrecy is Secrecy.COUNT:
        return _NUMBER.match(value) is None
    return secrecy is Secrecy.SECRET or _PIN.match(value) is not None


def _is_secret_word(word: str) -> bool:
    return word in _SECRET or (_COMPOUND.search(word) is not None and _NOT_COMPOUND.search(word) is None)


def _secret_pair(words: list[str]) -> set[str]:
    """Find words that are secret by what is next to them: `api key`, `x auth …`, `auth code`, `connect sid`."""
    if words in (["auth"], ["auths"]):
        return {"auth"}
    pairs = set(pairwise(words))
    if words[:2] == ["x", "auth"] or any(first == "auth" and second in _AUTH for first, second in pairs):
        return {"auth"}
    if not pairs.isdisjoint(_PROOFS):
        return {"code"}
    return {"key"} if any(second in {"key", "keys"} and first in _KEYS for first, second in pairs) else set()
