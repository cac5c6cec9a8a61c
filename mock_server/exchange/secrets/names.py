"""
Names of secret values: `password`, `accessToken`, `X-Auth-Key`, `user[pwd]`, `connect.sid`.

A name is judged by its words, however they are joined (camelCase, snake_case, kebab-case, dots, brackets), so that
`passenger`, `compass`, `design` and `tokenizer` stay what they are. Names that count (`max_tokens`, `sessionDuration`)
keep their numbers, names of kinds (`token_type`) their words, and a token that is a place in a list (`nextPageToken`)
is none.
"""

import re
from collections.abc import Mapping
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise
from typing import Final

# Header fields that are secret whatever they hold.
ALWAYS: Final = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "authentication-info",
        "proxy-authentication-info",
        "cookie",
        "set-cookie",
        "x-api-key",
    )
)
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|[0-9]+")
_SECRET: Final = frozenset(
    ("apikey", "apikeys", "authorization", "bearer", "contraseña", "contrasena", "cookie", "cookies", "cred", "creds",
     "csrf", "cvc", "cvv", "hmac", "jsessionid", "jwt", "jwts", "kennwort", "mdp", "otp", "otps", "parola", "pass",
     "passwort", "phpsessid", "pswd", "psw", "pwd", "pwds", "senha", "sess", "sessid", "session", "sessionid", "sid",
     "sig", "token", "tokens", "totp", "wachtwoord", "xsrf")
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
    ("access", "account", "api", "app", "application", "auth", "client", "consumer", "encryption", "license", "master",
     "private", "security", "service", "shared", "signing", "storage", "subscription", "ssh")
)  # fmt: skip
# What proves who someone is, in two words.
_PROOFS: Final = frozenset(
    (first, second)
    for first in ("backup", "fa", "mfa", "recovery", "scratch", "unlock")
    for second in ("code", "codes", "phrase")
) | {("security", "answer"), ("security", "answers"), ("seed", "phrase")}
# What opens something, or proves or says who somebody is, where a name ends so; a digit after it changes nothing.
_ENDINGS: Final = frozenset(
    tuple(phrase.split())
    for phrase in (
        "ssn", "social security", "social security number", "social security no", "socialsecuritynumber", "national id",
        "nationalid", "national id number", "national identification number", "national identity number",
        "national insurance number", "passport number", "card number", "card no", "card num", "cardnumber", "cardno",
        "cc number", "cc num", "ccnumber", "ccnum", "card verification value", "verification code", "verificationcode",
        "one time code", "onetime code", "sms code", "login code", "reset code", "access code", "device code",
        "code verifier", "magic link", "magiclink", "saml response", "samlresponse", "saml art", "sam lart", "samlart",
        "saml assertion", "client assertion", "client cert", "client certificate", "user pin", "card pin", "login pin",
        "pin block",
    )
)  # fmt: skip
_LONGEST_ENDING: Final = max(map(len, _ENDINGS))
_AUTH: Final = frozenset(("code", "cookie", "data", "hash", "header", "headers", "info", "string", "user", "value"))
# Words of numbers: what ends so says how many, how long, when, which one.
_COUNTS: Final = frozenset(
    ("age", "at", "attempts", "budget", "consumed", "cost", "count", "counts", "details", "duration", "expire",
     "expires", "expiration", "expiry", "exp", "in", "index", "indices", "length", "lifetime", "limit", "limits",
     "minutes", "ms", "percent", "quota", "rate", "ratio", "remaining", "retries", "seconds", "size", "spent",
     "timeout", "total", "totals", "ttl", "usage", "used", "version")
)  # fmt: skip
_AMOUNTS: Final = frozenset(
    ("max", "maximum", "min", "minimum", "num", "number", "total")
)  # what begins so is a number
# Tokens that are counted: those of language models and rate limits.
_COUNTED: Final = _COUNTS | _AMOUNTS | frozenset(
    ("audio", "available", "cached", "completion", "generated", "input", "output", "per", "prompt", "reasoning",
     "reserved", "thinking")
)  # fmt: skip
# Words of kinds and places: what such a name says is a word or a URL, not the secret itself.
_KINDS: Final = frozenset(
    ("alg", "algorithm", "algorithms", "description", "enabled", "endpoint", "format", "label", "method", "methods",
     "name", "names", "policy", "required", "status", "strength", "supported", "title", "type", "types", "uri", "url")
)  # fmt: skip
_PLACES: Final = frozenset(("continuation", "cursor", "next", "page", "prev", "previous", "resume", "start", "sync"))
_TOKENS: Final = frozenset(("token", "tokens"))
_NUMBER: Final = re.compile(r"[-+]?[0-9][0-9.,:+\-TZe]{0,40}[a-z%]{0,3}\Z")
# A few digits; or letters and digits, unless they are the name of a pin of a chip: `GPIO12`.
_PIN: Final = re.compile(r"[0-9]{3,12}\Z|(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])(?![A-Za-z]+[0-9]+\Z)[A-Za-z0-9]{4,12}\Z")
# Parameters of OAuth 2.0 and OpenID Connect that are called like ordinary ones, and those that say which of these they
# are.
OF_OAUTH: Final = frozenset(("code", "state", "assertion", "nonce", "ticket"))
_SAYING_OAUTH: Final = frozenset(
    ("grant_type", "redirect_uri", "code_verifier", "code_challenge", "response_type", "session_state", "id_token",
     "client_secret", "granttype", "redirecturi")
)  # fmt: skip
_OAUTH_PATH: Final = re.compile(r"oauth|openid|oidc|saml|\b(?:sso|cas|token|callback|authori[sz]e)\b", re.IGNORECASE)
_CODE: Final = re.compile(r"(?=[^0-9]*[0-9])(?=[^a-z]*[a-z])[!-~]{10,}\Z")  # and no word, number or code of an error
_ERROR_CODE: Final = re.compile(r"[0-9]{1,5}\Z")
_PLAIN: Final = frozenset(("", "true", "false", "null", "none"))


class Secrecy(Enum):
    """The secrecy of a value, by its name."""

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
        if "pin" in words or words[-2:] == ["security", "code"]:
            return Secrecy.PIN
        return Secrecy.OPEN
    if secret <= _TOKENS and not _PLACES.isdisjoint(words):
        return Secrecy.OPEN
    if words[-1] in _KINDS and len(words) > 1:
        return Secrecy.KIND
    is_counted = secret <= _TOKENS and not _COUNTED.isdisjoint(words)
    if is_counted or words[-1] in _COUNTS or words[0] in _AMOUNTS:
        return Secrecy.COUNT
    return Secrecy.SECRET


def find_granting(values: Mapping[str, str], path: str = "", *, has_pairs: bool = True) -> frozenset[str]:
    """
    Find the parameters that are secret by the company they keep: the code of an authorization, and what goes with it.

    Args:
        values: Of a query, a form or an object, by name.
        path: Of the request or URL; "" where it is not known.
        has_pairs: Whether it is a query or a form: only there `state` alone says what a code is.

    Returns:
        Names of them.

    Source: RFC 6749, sections 4.1.2 and 10.12; RFC 7521, section 4.1; OpenID Connect Core 1.0, section 3.1.2
    """
    named = {
        name
        for name in OF_OAUTH.intersection(values)
        if values[name].lower() not in _PLAIN and not _ERROR_CODE.match(values[name])
    }
    if not named:
        return frozenset()
    is_code = _CODE.match(values.get("code", "")) is not None
    if not _SAYING_OAUTH.isdisjoint(name.lower() for name in values):
        return frozenset(named)
    if _OAUTH_PATH.search(path):
        return frozenset(named if "code" in named or _CODE.match(values.get("state", "")) else named - {"state"})
    if is_code and "state" in values and has_pairs:
        return frozenset(named & {"code", "state"})
    return frozenset()


def is_place_name(name: str) -> bool:
    """Check whether a name is that of a place in a list: its value is opaque, but no secret."""
    return not _PLACES.isdisjoint(split_name(name))


def hides(name: str, value: str) -> bool:
    """Check whether a name makes a secret of a text, as a query, a form or a header field has it."""
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
    if not pairs.isdisjoint(_PROOFS) or _ends_secretly(words):
        return {"code"}
    if any(second in {"key", "keys"} and first in _KEYS for first, second in pairs):
        return {"key"}
    return set()


def _ends_secretly(words: list[str]) -> bool:
    bare = words[:-1] if words and words[-1].isdigit() else words
    return any(tuple(bare[-count:]) in _ENDINGS for count in range(1, min(_LONGEST_ENDING, len(bare)) + 1))
