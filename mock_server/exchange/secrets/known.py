"""The knowledge of a mask: names and values that are secret, and how a value is found again."""

import base64
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Self
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import orjson

from mock_server.exchange.secrets.names import Secrecy, judge_name

MASKED: Final = "[masked]"
# What turns the characters of a secret into others of their kind: hexadecimal digits stay such, letters keep their
# case.
VEIL: Final = {
    **dict.fromkeys(map(ord, "0123456789"), "0"),
    **dict.fromkeys(map(ord, "abcdef"), "a"),
    **dict.fromkeys(map(ord, "ABCDEF"), "A"),
    **dict.fromkeys(range(ord("g"), ord("z") + 1), "x"),
    **dict.fromkeys(range(ord("G"), ord("Z") + 1), "X"),
}
LONG: Final = 16  # characters: no word of a language
_STRONG: Final = 8  # characters, of several kinds: it is looked for inside of words as well
DISTINCTIVE: Final = 4  # characters: a shorter one is only looked for in quotes


@dataclass(frozen=True, slots=True)
class KnownSecrets:
    """The secrets that a mask knows, and what takes their place."""

    secrets: tuple[str, ...] = ()  # replaced wherever they stand; the longest first
    names: frozenset[str] = (
        frozenset()
    )  # beyond those that say so themselves: of fields, parameters and cookies, in lower case
    words: tuple[str, ...] = ()  # secrets that are replaced only as whole words
    quoted: tuple[str, ...] = ()  # secrets so short or plain that they are replaced only in quotes
    members: frozenset[str] = frozenset()  # names of what documents call a password, anywhere, in lower case
    templates: tuple[str, ...] = ()  # of paths with variables that are secrets: `/reset/{token}`
    open_cookies: frozenset[str] = frozenset()  # names of cookies that are no secrets
    is_veiled: bool = False
    _found: set[str] | None = field(default=None, compare=False, repr=False)  # what was covered, where somebody asks

    def knowing(self, values: Iterable[str]) -> Self:
        """Make a mask that knows more secrets: each is looked for as far as it can't be taken for something else."""
        strong, words, quoted = set(self.secrets), set(self.words), set(self.quoted)
        for value in values:
            if not value or value == MASKED:
                continue
            if _is_strong(value):
                strong |= forms_of(value)
            elif _is_distinctive(value):
                words.add(value)
            else:
                quoted.add(value)
        return replace(
            self,
            secrets=_longest_first(strong),
            words=_longest_first(words),
            quoted=_longest_first(quoted),
            _found=None,
        )

    def veiled(self) -> Self:
        """Make a mask that keeps no more of a secret than its form."""
        return replace(self, is_veiled=True)

    @property
    def _has_known(self) -> bool:
        return bool(self.secrets or self.words or self.quoted)

    def _is_named(self, name: str) -> bool:
        return name.lower() in self.names or name.lower() in self.members

    def _names_secret(self, part: str) -> bool:
        names = re.findall(r"\{([^{}]+)\}", part)
        return any(judge_name(name) is Secrecy.SECRET or self._is_named(name) for name in names)

    def _cover(self, secret: str) -> str:
        if secret == MASKED:
            return secret
        if self._found is not None:
            self._found.add(secret)
            if "%" in secret:
                self._found.add(unquote(secret))
        if self.is_veiled:
            return secret.translate(VEIL)
        return MASKED

    def _replace(self, found: re.Match[str]) -> str:
        return self._cover(found.group())

    def _cover_quoted(self, value: str) -> str:
        if self._found is not None:
            self._found.add(unquote_plus(value))
        return self._cover(value)

    def _knows(self, text: str) -> bool:
        return text in self.words or text in self.secrets

    def _known(self, text: str) -> str:
        for secret in self.secrets:
            if secret in text:
                text = text.replace(secret, self._cover(secret))
        for word in self.words:
            if word in text:
                text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", self._replace, text)
        for short in self.quoted:
            if short in text and len(text) > len(short) + 2:
                text = re.sub(rf"""(?<=['"`]){re.escape(short)}(?=['"`])""", self._replace, text)
        return text


def _is_strong(value: str) -> bool:
    """Check whether a secret is looked for inside of longer words: it is long, or no word."""
    kinds = (str.isdigit, str.isupper, str.islower, _is_sign)
    mixed = sum(any(map(kind, value)) for kind in kinds)
    return len(value) >= LONG or (len(value) >= _STRONG and mixed > 1 and not value.istitle())


def _is_sign(char: str) -> bool:
    return not char.isalnum() and not char.isspace()


def _is_distinctive(value: str) -> bool:
    """Check whether a secret is looked for as a word: a shorter or plainer one may be there for something else."""
    return len(value) >= _STRONG or (len(value) >= DISTINCTIVE and any(char.isdigit() for char in value))


def forms_of(value: str) -> set[str]:
    """List the forms in which a secret may come back: encoded for URLs, JSON, markup, and in base64."""
    data = value.encode("utf-8", "replace")
    escaped = orjson.dumps(data.decode()).decode()[1:-1]
    encoded = base64.b64encode(data).decode()
    forms = {value, quote(value, safe=""), quote_plus(value), quote(value), escaped, html.escape(value)}
    return forms | {encoded, encoded.rstrip("="), base64.urlsafe_b64encode(data).decode(), data.hex()}


def _longest_first(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(values, key=lambda value: (-len(value), value)))
