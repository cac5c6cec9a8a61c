"""Secrets in texts: those that are known, that follow a name, or that show by their shape."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

import orjson

from mock_server.exchange.secrets.bodies import Covers, mask_markup
from mock_server.exchange.secrets.known import DISTINCTIVE, MASKED
from mock_server.exchange.secrets.names import OF_OAUTH, Secrecy, find_granting, hides, judge_name
from mock_server.exchange.secrets.shapes import cover_keys, cover_runs, decode_basic
from mock_server.exchange.secrets.values import ValueMask
from mock_server.json_values import JsonValue

SHORT: Final = 12  # characters: no key is shorter, unless it is known or named
_SIGNS: Final = frozenset('=:<{["%@ ')  # without which a short text names nothing
HINTS: Final = re.compile(
    r"pass|pwd|psw|pswd|token|secret|sess|sid|sig|otp|cred|key|auth|csrf|xsrf|jwt|cookie|cv[vc]|pin|hmac|bearer|kennwort|contrase|senha"
    r"|parola|mdp|wachtwoord|ssn|social|national|card.?n|cc.?num|saml|assertion|client.?cert|magic|passport|verif"
    r"|(?:security|device|time|sms|login|reset|access).?code|code.?verifier",
    re.IGNORECASE,
)
# `name=value`, `name: value`, `"name": "value"`, `\"name\": \"value\"`: a name and what follows it.
_NAMED: Final = re.compile(
    r"""(?<![\w.%])(?P<name>[^\W\d][\w.\-\[\]%]{0,100}+)(?P<sign>\\{0,8}["']?[ \t]{0,8}(?:=>|[=:])[ \t\r\n]{0,8})"""
)
_VALUE: Final = re.compile(
    r"""\\{1,8}"(?:(?!\\{1,8}")[^\r\n])*|"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?|\[masked\]|\[?[^\s&;,"'<>(){}\[\]\\#]+(?:\[masked\])?"""
)
_LINE: Final = re.compile(
    r"""^(?P<head>[ \t]*(?:-[ \t]+)*["']?(?P<name>[^\W\d][\w.\-]{0,100}+)["']?[ \t]*:[ \t]+)(?P<value>\S[^\r\n]*)""",
    re.MULTILINE,
)
_FLAG: Final = re.compile(
    r"""(?<![^\s"'])(--?(?P<name>[A-Za-z][\w.\-]{0,100}+)[ \t]{1,8})(?P<value>[^\s"'-][^\s"']*)"""
)  # of a command line
_ENCODED: Final = re.compile(r"""[^\s"'<>&=?#;,%]{0,256}+%[0-9A-Fa-f]{2}[^\s"'<>&=?#;,]*""")
_WORD: Final = re.compile(r"""[^\s"'<>]+""")  # what may be a URL
_GRANTING: Final = tuple(f"{name}=" for name in sorted(OF_OAUTH))
_LONGEST_VALUE: Final = 65_536  # characters after a name in a text
_LONGEST_PIN: Final = 64
_PROSE: Final = re.compile(r"[^\W\d_]{1,20}\Z")  # a word of a sentence, as in "password: is required"


@dataclass(frozen=True, slots=True)
class TextMask(ValueMask):
    """Takes secrets out of texts; JSON and URLs in them are read as such."""

    def text(self, text: str, *, is_identifying: bool = False) -> str:
        """
        Replace the secrets in a text: those that are known, named, or show by their shape.

        Args:
            text: Any text; JSON and URLs in it are read as such.
            is_identifying: Whether random characters identify something here and are no secret.
        """
        if not text or text == MASKED or (len(text) < SHORT and not self._has_known and _SIGNS.isdisjoint(text)):
            return text
        if (
            text[0] in ("{[" if is_identifying else '{["')
            and text[-1] in '}]"'
            and (shown := self._json(text)) is not None
        ):
            return shown
        if text[0] == "<" and text[-1:] == ">":
            return mask_markup(text, self._covers())
        text = self._known(text)
        if ("?" in text or "#" in text) and any(name in text for name in _GRANTING):
            text = _WORD.sub(self._granting, text)
        text = cover_keys(text, self._cover)
        if _may_name(text) and HINTS.search(text):
            text = _LINE.sub(self._line, text)
            text = self._pairs(text)
        if "%" in text:
            text = _ENCODED.sub(self._encoded, text)
        if is_identifying:
            return text
        return cover_runs(text, self._cover, looks_inside=self._is_changed)

    def _is_changed(self, text: str) -> bool:
        return replace(self, _found=None).text(text) != text

    def _json(self, text: str) -> str | None:
        try:
            value: JsonValue = orjson.loads(text)
        except orjson.JSONDecodeError:
            return None
        shown = self._value(value, 0)
        if shown == value:
            return text
        return orjson.dumps(shown).decode()

    def _pairs(self, text: str) -> str:
        """Cover the values after names in a text; what is no secret may have names inside: `https://host/?token=…`."""
        out: list[str] = []
        done = 0
        for found in _NAMED.finditer(text):
            name, sign = found.group("name", "sign")
            if found.start() < done or not self._may_hide(unquote(name)):
                continue
            longest = _LONGEST_PIN if judge_name(unquote(name)) is Secrecy.PIN else _LONGEST_VALUE
            value = _VALUE.match(text, found.end(), found.end() + longest)
            shown = self._named(unquote(name), sign, value.group()) if value is not None else None
            if value is not None and shown is not None:
                out += [text[done : found.end()], shown]
                done = value.end()
        text = "".join((*out, text[done:]))
        if "-" in text:
            return _FLAG.sub(self._flag, text)
        return text

    def _may_hide(self, name: str) -> bool:
        return self._is_named(name) or judge_name(name) not in {Secrecy.OPEN, Secrecy.KIND}

    def _flag(self, found: re.Match[str]) -> str:
        name, value = found.group("name", "value")
        if hides(name, value) and not _PROSE.match(value):
            return found.group(1) + self._cover(value)
        return found.group()

    def _granting(self, found: re.Match[str]) -> str:
        """Cover parameters of OAuth 2.0 in a URL; what else is in it is looked at later."""
        if not any(name in found.group() for name in _GRANTING):
            return found.group()
        pieces = re.split(r"([?#&;])", found.group())
        granting = find_granting(read_pairs(pieces), pieces[0])
        if not granting:
            return found.group()
        for index, piece in enumerate(pieces):
            name, _, value = piece.partition("=")
            if unquote_plus(name) in granting and value and value != MASKED:
                pieces[index] = f"{name}={self._cover_quoted(value)}"
        return "".join(pieces)

    def _encoded(self, found: re.Match[str]) -> str:
        """Mask what is percent-encoded in a text."""
        plain = unquote(found.group())
        shown = self.text(plain) if plain != found.group() else plain
        if shown == plain:
            return found.group()
        return quote(shown, safe="[]:@!$'()*,;")

    def _named(self, name: str, sign: str, value: str) -> str | None:
        """Cover the value after a name in a text; None where it is no secret."""
        bare = value.strip("\\\"'")
        if not bare or not (hides(name, bare) or self._is_named(name)):
            return None
        is_quoted = value[0] in "\\\"'"
        if ":" in sign and not is_quoted and _PROSE.match(bare) and sign.endswith((" ", "\n")):
            return None
        start = value.find(bare)
        return f"{value[:start]}{self._cover(bare)}{value[start + len(bare) :]}"

    def _line(self, found: re.Match[str]) -> str:
        """Cover a line such as `X-Auth-Token: …`, unless it is a sentence."""
        head, name, value = found.group("head", "name", "value")
        words = value.split()
        is_sentence = len(words) > 2 and any(word.isalpha() and word.islower() for word in words)  # noqa: PLR2004
        if not hides(name, value.strip()) or is_sentence or _PROSE.match(value) and len(value) < DISTINCTIVE:  # noqa: RUF021
            return found.group()
        start = head.rstrip()
        if name.lower() == "set-cookie":
            return f"{start} {self._set_cookie(value)}"
        return f"{start} {self._credentials(value)}"

    def _credentials(self, text: str) -> str:
        """Cover the whole value of a field; its parts are secrets of their own."""
        if not text:
            return text
        if self._found is not None:
            scheme, _, rest = text.partition(" ")
            basic = decode_basic(rest) if scheme.lower() == "basic" else None
            self._found.update(filter(None, (rest.strip(), (basic or "").partition(":")[2])))
            self._found.update(
                re.findall(r'(?:response|nonce|signature|token|key)\s*=\s*"([^"]{4,})"', rest, re.IGNORECASE)
            )
        return self._cover(text)

    def _set_cookie(self, text: str) -> str:
        head, semicolon, rest = text.partition(";")
        name, equals, value = head.partition("=")
        bare = value.strip('"')
        shown = self._cover(bare) if bare and name.strip() not in self.open_cookies else value
        return f"{self.text(name)}{equals}{shown}{semicolon}{self.text(rest)}"

    def _covers(self) -> Covers:
        return Covers(
            self.text, self._cover, self._loose, lambda name, value: self._is_named(name) or hides(name, value)
        )

    def _loose(self, text: str) -> str:
        """Mask a text of another form than its media type says."""
        return cover_runs(
            self._pairs(cover_keys(self._known(text), self._cover)), self._cover, looks_inside=self._is_changed
        )


def read_pairs(parts: Iterable[str]) -> dict[str, str]:
    """Read the parameters of a query; of several with one name the longest value counts."""
    found: dict[str, str] = {}
    for part in parts:
        name, _, value = part.partition("=")
        key, text = unquote_plus(name), unquote_plus(value)
        if len(text) > len(found.get(key, "")):
            found[key] = text
    return found


def _may_name(text: str) -> bool:
    """Return whether a text has a separator of names and values."""
    return "=" in text or ":" in text or " " in text or "\t" in text
