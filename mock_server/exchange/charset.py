"""
The charsets that texts are read and written in.

Python knows more codecs than there are charsets: some are no text at all (`zlib`, `hex`), some take quadratic time
(`punycode`), and each unknown name is looked for among the files. So the names are those of a list.

Source: the IANA registry of character sets, as far as Python has them
"""

import re
from encodings.aliases import aliases
from functools import lru_cache
from typing import Final

_LONGEST: Final = 40  # characters of a name
_CODECS: Final = frozenset(
    ("ascii", "utf_8", "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_8_sig",
     "latin_1", "iso8859_2", "iso8859_3", "iso8859_4", "iso8859_5", "iso8859_6", "iso8859_7", "iso8859_8", "iso8859_9",
     "iso8859_10", "iso8859_11", "iso8859_13", "iso8859_14", "iso8859_15", "iso8859_16",
     "cp437", "cp850", "cp852", "cp855", "cp858", "cp866", "cp874", "cp932", "cp949", "cp950",
     "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258",
     "koi8_r", "koi8_u", "mac_roman", "tis_620",
     "big5", "big5hkscs", "gb2312", "gbk", "gb18030", "euc_jp", "euc_kr", "shift_jis", "iso2022_jp", "iso2022_kr")
)  # fmt: skip
_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")


def find_codec(charset: str) -> str | None:
    """Find Python's codec of a charset; None for a name that is not among those that are read."""
    if len(charset) <= _LONGEST:
        return _find(charset)
    return None


@lru_cache(maxsize=256)
def _find(charset: str) -> str | None:
    name = _SEPARATORS.sub("_", charset.strip().lower()).strip("_")
    codec = name if name in _CODECS else aliases.get(name, "")
    if codec in _CODECS:
        return codec
    return None
