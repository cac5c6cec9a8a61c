r"""
The grammars of formats, as regular expressions of ECMA-262.

A format is walked together with the patterns and lengths of the same string, see `generate/text/automaton`. It may have
a believable part, which comes first, and its whole: `2026-02-28` before `7310-02-28`. A grammar may miss exotic texts
of its format; it has none that is not of it, but for what is judged besides.

Source: RFC 3339 (dates, times, durations), RFC 5322 and 1123 (addresses, hosts), RFC 3986 (URIs), RFC 4291 (IPv6),
RFC 6570 (templates), RFC 6901 (pointers), RFC 9562 (UUIDs), RFC 4648 (base64)
"""

from typing import Final

_DAY: Final = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
)
_LEAP_YEAR: Final = r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE: Final = rf"(?:\d{{4}}-{_DAY}|{_LEAP_YEAR}-02-29)"
_RECENT_DATE: Final = rf"(?:(?:19[5-9]|20[0-3])\d-{_DAY}|20(?:[02][048]|1[26])-02-29)"
_CLOCK: Final = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_ZONE: Final = r"(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)"
_TIME: Final = rf"{_CLOCK}(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
_DURATION_TIME: Final = r"T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S)"
_DURATION_DATE: Final = r"(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)"
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_HOST: Final = rf"{_LABEL}(?:\.{_LABEL})*"
_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4: Final = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_H16: Final = r"[0-9A-Fa-f]{1,4}"
_IPV6: Final = "|".join(
    (
        rf"(?:{_H16}:){{7}}{_H16}",
        rf"(?:{_H16}:){{1,7}}:",
        *(rf"(?:{_H16}:){{1,{before}}}(?::{_H16}){{1,{7 - before}}}" for before in range(6, 0, -1)),
        rf":(?::{_H16}){{1,7}}",
        "::",
        rf"(?:{_H16}:){{6}}{_IPV4}",
        rf"::(?:{_H16}:){{0,5}}{_IPV4}",
    )
)
_UNRESERVED: Final = r"A-Za-z0-9._~\-"
_SUB: Final = r"!$&'()*+,;="
_ESCAPED: Final = r"%[0-9A-Fa-f]{2}"
_CHAR: Final = rf"(?:[{_UNRESERVED}{_SUB}:@]|{_ESCAPED})"
_TAIL: Final = rf"(?:\?(?:[{_UNRESERVED}{_SUB}:@/?]|{_ESCAPED})*)?(?:#(?:[{_UNRESERVED}{_SUB}:@/?]|{_ESCAPED})*)?"
_AUTHORITY: Final = rf"(?:(?:[{_UNRESERVED}{_SUB}:]|{_ESCAPED})*@)?(?:{_HOST}|\[(?:{_IPV6})\])(?::[0-9]{{1,4}})?"
_PATH: Final = rf"(?:/{_CHAR}*)*"
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.-]*"
_URI: Final = rf"{_SCHEME}:(?://{_AUTHORITY}{_PATH}|{_CHAR}+{_PATH}|/(?:{_CHAR}+{_PATH})?){_TAIL}"
_WEB: Final = r"https?://(?:[a-z0-9-]+\.)*example\.(?:com|org)(?:/[A-Za-z0-9._~-]+)*/?(?:\?[a-z]+=[a-z0-9]+)?"
_RELATIVE: Final = (
    rf"(?://{_AUTHORITY}{_PATH}|/(?:{_CHAR}+{_PATH})?|(?:[{_UNRESERVED}{_SUB}@]|{_ESCAPED})+{_PATH})?{_TAIL}"
)
_POINTER: Final = r"(?:/(?:[A-Za-z0-9._-]|~[01])*)*"
_BASE64: Final = r"[A-Za-z0-9+/]"
_URL64: Final = r"[A-Za-z0-9_-]"

DATE: Final = (_RECENT_DATE, _DATE)
TIME: Final = (rf"{_CLOCK}{_ZONE}", _TIME)
DATE_TIME: Final = (rf"{_RECENT_DATE}T{_CLOCK}(?:\.\d{{1,6}})?{_ZONE}", rf"{_DATE}[Tt ]{_TIME}")
DURATION: Final = (rf"P(?:\d+W|{_DURATION_DATE}(?:{_DURATION_TIME})?|{_DURATION_TIME})",)
EMAIL: Final = (
    r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*@(?:[a-z0-9-]+\.)?example\.(?:com|org)",
    rf"{_ATOM}(?:\.{_ATOM})*@{_HOST}",
)
HOSTNAME: Final = (r"(?:[a-z0-9-]+\.)+example\.(?:com|org)", _HOST)
IPV4: Final = (_IPV4,)
IPV6: Final = (rf"2001:db8(?::{_H16}){{0,4}}::{_H16}", _IPV6)
URI: Final = (_WEB, _URI)
URI_REFERENCE: Final = (rf"(?:{_WEB}|/[a-z0-9]+(?:/[a-z0-9]+)*)", rf"(?:{_URI}|{_RELATIVE})")
URI_TEMPLATE: Final = (rf"(?:[{_UNRESERVED}:/?#@!$&()*+,;=]|{_ESCAPED}|\{{[a-z]+\}})*",)
UUID: Final = (
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
)
JSON_POINTER: Final = (_POINTER,)
RELATIVE_JSON_POINTER: Final = (rf"(?:0|[1-9]\d*)(?:#|{_POINTER})",)
BYTE: Final = (
    rf"(?:{_BASE64}{{4}})*(?:{_BASE64}[AQgw]==|{_BASE64}{{2}}[AEIMQUYcgkosw048]=)?",
    rf"(?:{_BASE64}{{4}})*(?:{_BASE64}{{2}}==|{_BASE64}{{3}}=)?",
)
BASE64URL: Final = (rf"(?:{_URL64}{{4}})*(?:{_URL64}[AQgw]|{_URL64}{{2}}[AEIMQUYcgkosw048])?",)
CHAR: Final = (r"[\s\S]",)
