"""
The written rules: what a value of each shape looks like to somebody who knows such an API.

A label is one or more shapes, parted by ` || `: `uuid`, `int(0,100)`, `one:red,green`, `re:[a-z]+`, `prose:album,song`.
Before any shape comes what is silly everywhere: Latin filler, words drawn at random, control characters, `string`.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any, Final

from faker.providers.lorem.en_US import Provider as English
from faker.providers.lorem.la import Provider as Latin

_LATIN: Final = (
    "lorem ipsum dolor sit amet consectetur adipisicing elit sed eiusmod tempor incididunt labore dolore magna aliqua enim "
    "minim veniam quis nostrud exercitation ullamco laboris nisi aliquip commodo consequat duis aute irure reprehenderit "
    "voluptate velit esse cillum fugiat nulla pariatur excepteur sint occaecat cupidatat proident sunt culpa officia "
    "deserunt mollit anim laborum"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILLERS: Final = frozenset((*_LATIN.split(), *(word.lower() for word in Latin.word_list)))
_RANDOM: Final = frozenset(word.lower() for word in English.word_list)
_PLACEHOLDERS: Final = frozenset(("string", "text", "foo", "bar", "baz", "lorem", "example", "test string"))
_WORDS: Final = re.compile(r"[^\W\d_]+")
# Words of Faker's English list that are good tags, statuses or names all the same.
_TAGS: Final = _words(
    "new sale popular featured vip urgent food health travel music sport sports art science technology business design "
    "family history nature outdoor outdoors friendly playful vaccinated trained indoor small large young senior puppy "
    "kitten red blue green black white summer winter beta draft archived important internal public premium organic "
    "handmade vintage bestseller limited eco sustainable kids home office garden kitchen electronics books games movies "
    "news education finance animation travel awesome moderation utility fun roleplay social gaming productivity bot "
    "standard general main score economy leveling memes cute rescue adopted neutered quiet gift clearance discount lightweight waterproof"
)
_NUMBERED_NAME: Final = re.compile(r"[A-Z]\w+ (?:[A-Z]\w+ )+\d{1,3}")
_COLORS: Final = _words(
    "red blue green black white yellow orange purple pink brown grey gray silver gold beige cream navy teal cyan magenta "
    "violet indigo maroon olive turquoise coral crimson salmon lavender"
)
_FOODS: Final = _words(
    "pizza pasta rice bread tomato tomatoes fish chicken beef cheese apple apples banana bananas carrot carrots potato "
    "soup salad sushi tuna salmon milk eggs kibble steak broccoli noodles chocolate lemon oranges lasagna cake"
)
_SPECIES: Final = _words(
    "king salmon cat dog shark trout tuna cod carp pike herring bird goldfish sockeye atlantic chinook cookiecuttershark "
    "canis felis lupus familiaris catus salmo salar horse rabbit"
)
_DEPARTMENTS: Final = _words(
    "sales marketing engineering finance support legal operations hr product design it research accounting"
)
_STATUS: Final = re.compile(
    r"(?i)active|inactive|pending|completed?|in[-_ ]use|enabled|disabled|assigned|available|suspended|closed|open|"
    r"verified|approved|queued|running|success(ful)?|succeeded|failed|match(ed)?|valid|ok|released|in[-_ ]progress"
)
_COMPANY_TYPES: Final = re.compile(
    r"(?i)llc|ltd|limited|inc|corporation|gmbh|sole.?proprietor(ship)?|partnership|public.?company|private.?company|"
    r"non.?profit|listed.?public.?company|individual|business|corporate|association|trust|government"
)

Judge = Callable[[Any], bool]


def judge(label: str, value: Any, shown: list[Any]) -> bool:
    """
    Return True if a value is plausible.

    Args:
        label: Of its field.
        value: A text or a number.
        shown: The examples that the document has for the field.
    """
    if value in shown and value not in {"", "string"}:
        return True
    if isinstance(value, str) and _is_silly(value, label):
        return False
    return any(_shape(shape)(value) for shape in label.split(" || "))


def _is_silly(text: str, label: str) -> bool:
    """Whether a text is silly wherever it stands."""
    if not text.strip() or text != text.strip(" ") or any(ord(char) < 32 and char not in "\n\t" for char in text):
        return True
    words = [word.lower() for word in _WORDS.findall(text)]
    if " ".join(words) in _PLACEHOLDERS or (_NUMBERED_NAME.fullmatch(text) and not label.startswith("street")):
        return True
    plain = [word for word in words if len(word) > 3]
    if re.search(r"[0-9]", text) or not plain:
        return False
    filler = sum(word in _FILLERS and word not in _RANDOM for word in plain)
    return filler * 2 > len(plain)


def _is_salad(text: str) -> bool:
    """Whether all words come from the list of a generator of random English."""
    words = [word.lower() for word in _WORDS.findall(text)]
    return all(word in _RANDOM for word in words)


@cache
def _shape(shape: str) -> Judge:
    name, colon, rest = shape.partition(":")
    if colon and name in _WITH_TEXT:
        return _WITH_TEXT[name](rest)
    found = re.fullmatch(r"([\w-]+)(?:\(([^)]*)\))?", shape)
    if found is None or found[1] not in (*_WITH_NUMBERS, *_PLAIN):
        raise ValueError(f"no such shape: {shape!r}")
    if found[1] in _WITH_NUMBERS:
        return _WITH_NUMBERS[found[1]](*(float(number) for number in found[2].split(",")))
    return _PLAIN[found[1]]


def _text(check: Callable[[str], Any]) -> Judge:
    return lambda value: isinstance(value, str) and bool(check(value))


def _pattern(pattern: str, flags: int = 0) -> Judge:
    compiled = re.compile(pattern, flags)
    return _text(lambda text: compiled.fullmatch(text) and not (text in _RANDOM - _TAGS and "|" not in pattern))


def _one_of(listed: str) -> Judge:
    words = {word.strip().lower() for word in listed.split(",")}
    return _text(lambda text: text.lower() in words)


def _prose(about: str = "") -> Judge:
    stems = [stem.strip().lower() for stem in about.split(",") if stem.strip()]

    def check(text: str) -> bool:
        words = _WORDS.findall(text.lower())
        if len(words) < 2 or _is_salad(text) or not text.lstrip("\"'“<")[:1].isupper():
            return False
        return not stems or any(word.startswith(stem) for word in words for stem in stems)

    return _text(check)


def _whole(least: float, most: float) -> Judge:
    return lambda value: isinstance(value, int | float) and value == int(value) and least <= value <= most


def _number(least: float, most: float, decimals: float = 4) -> Judge:
    return lambda value: isinstance(value, int | float) and least <= value <= most and _decimals(value) <= decimals


def _money(least: float, most: float) -> Judge:
    return _number(least, most, 2)


def _decimals(value: float) -> int:
    text = repr(float(value))
    if "e" in text:
        return 99
    return len(text.partition(".")[2].rstrip("0"))


def _digits(least: float, most: float) -> Judge:
    return _text(lambda text: text.isdigit() and least <= len(text) <= most and len(set(text)) > 1)


def _hexadecimal(least: float, most: float | None = None) -> Judge:
    most = most or least
    return _text(
        lambda text: re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", text) and least <= len(text) <= most and _is_mixed(text)
    )


def _prefixed_hash(length: float) -> Judge:
    return _text(
        lambda text: re.fullmatch(r"0x([0-9a-f]+|[0-9A-F]+)", text) and len(text) == length + 2 and _is_mixed(text[2:])
    )


def _is_mixed(text: str) -> bool:
    """Whether characters vary as in a digest: no run of six of the same, and a third of the alphabet at least."""
    return len(set(text.lower())) >= min(6, len(text) // 2) and not re.search(r"(.)\1{5}", text)


def _moment(text: str) -> bool:
    try:
        return 1990 <= datetime.fromisoformat(text).year <= 2040 and len(text) >= 16
    except ValueError:
        return False


def _day(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None and 1900 <= int(text[:4]) <= 2040


def _mail_date(text: str) -> bool:
    try:
        return 1990 <= parsedate_to_datetime(text).year <= 2040
    except ValueError:
        return False


def _epoch(value: Any) -> bool:
    return isinstance(value, int) and 1990 <= datetime.fromtimestamp(min(max(value, 0), 9e9), UTC).year <= 2040


def _address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _network(text: str) -> bool:
    try:
        return "/" in text and bool(ip_network(text, strict=False))
    except ValueError:
        return False


def _link(text: str) -> bool:
    found = re.fullmatch(r"https?://(([\w-]+\.)+[a-z]{2,}|[\d.]+|localhost)(:\d+)?(/\S*)?", text.strip())
    return found is not None and not any(word in _FILLERS - _RANDOM for word in _WORDS.findall(text) if len(word) > 4)


def _is_capitalised(text: str, least: int, most: int) -> bool:
    words = text.split()
    return least <= len(words) <= most and all(word[:1].isupper() for word in words) and not re.search(r"\d", text)


def _person(text: str) -> bool:
    return _is_capitalised(re.sub(r"^(Mr|Mrs|Ms|Dr)\. ", "", text), 2, 4) and not _is_salad(text)


def _one_name(text: str) -> bool:
    return _is_capitalised(text, 1, 2) and text.lower() not in _RANDOM and "." not in text


def _name(text: str) -> bool:
    """A name of a thing: a few words or a slug, no sentence, no word drawn at random."""
    if len(text) > 80 or text.endswith(".") or len(text.split()) > 8:
        return False
    if _is_salad(text) and not ({word.lower() for word in _WORDS.findall(text)} & _TAGS) and " " not in text:
        return False
    return text[:1].isupper() or text[:1].isdigit() or bool(re.search(r"[-_ ]", text)) or _is_tag(text)


def _is_tag(text: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(text)]
    if not words or len(words) > 3 or len(text) > 30 or text.endswith("."):
        return False
    return all(word in _TAGS or word not in _RANDOM | _FILLERS for word in words) and all(len(w) > 1 for w in words)


def _code(text: str) -> bool:
    """A code or reference that somebody reads out: capitals, digits, hyphens; no mere word."""
    return re.fullmatch(r"[A-Za-z0-9][\w./:#-]{2,60}", text) is not None and (
        any(map(str.isdigit, text)) or text.isupper() or "_" in text or ("-" in text and text != text.lower())
    )


def _identifier(value: Any) -> bool:
    if isinstance(value, int):
        return 0 < value < 10**18
    if not isinstance(value, str) or not re.fullmatch(r"[\w:./=+~-]{1,80}", value):
        return False
    return any(map(str.isdigit, value)) or bool(re.fullmatch(r"[A-Za-z]{12,}|\w+[_-]\w+", value))


def _token(text: str) -> bool:
    return re.fullmatch(r"[\w.+/=~-]{8,400}", text) is not None and (
        any(map(str.isdigit, text)) or (len(text) >= 16 and text.lower() != text)
    )


def _place(text: str) -> bool:
    return _is_capitalised(text, 1, 4) and text.lower() not in _RANDOM


def _street(text: str) -> bool:
    return re.fullmatch(r"(\d+[A-Za-z]? )?[A-Z][\w.' -]+( \d+[A-Za-z]?)?(, .+)?", text) is not None and " " in text


def _postal(text: str) -> bool:
    return any(map(str.isdigit, text)) and " " in text and "," in text


def _host(text: str) -> bool:
    return re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9-]+)*(:\d+)?", text) is not None and (
        "." in text or "-" in text or any(map(str.isdigit, text))
    )


def _slug(text: str) -> bool:
    """A name as machines have it: lower-case words parted by hyphens, or one word that is not drawn at random."""
    return (
        re.fullmatch(r"[a-z0-9]+([-_.:/][a-z0-9*]+)*", text) is not None
        and text not in _RANDOM - _TAGS
        and text not in _FILLERS
        and len(text) > 1
    )


def _login(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z][\w.-]{2,39}", text) is not None and text not in _RANDOM and text not in _FILLERS


def _version(text: str) -> bool:
    return re.fullmatch(r"v?\d+(\.\d+){0,3}([-+][\w.]+)?", text) is not None


def _phone(text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    return 7 <= digits <= 20 and re.fullmatch(r"[+(]?[\d() .x/-]+", text) is not None


def _title(text: str) -> bool:
    return 2 <= len(text.split()) <= 14 and text[:1].isupper() and not _is_salad(text)


def _described(words: frozenset[str]) -> Judge:
    return _text(lambda text: any(word.lower() in words for word in _WORDS.findall(text)) and len(text) < 40)


_WITH_TEXT: Final[dict[str, Callable[[str], Judge]]] = {"re": _pattern, "one": _one_of, "prose": _prose}
_WITH_NUMBERS: Final[dict[str, Callable[..., Judge]]] = {
    "int": _whole, "num": _number, "money": _money, "digits": _digits, "hex": _hexadecimal, "hash0x": _prefixed_hash,
}  # fmt: skip
_PLAIN: Final[dict[str, Judge]] = {
    "any": lambda value: value not in _RANDOM - _TAGS and (not isinstance(value, float) or _decimals(value) <= 6),
    "date-time": _text(_moment), "date": _text(_day), "date-rfc2822": _text(_mail_date),
    "time": _pattern(r"([01]\d|2[0-3]):?[0-5]\d(:[0-5]\d)?"), "epoch": _epoch,
    "epoch-ms": lambda value: isinstance(value, int | float) and _epoch(int(value / 1000)),
    "email": _pattern(r"[\w.+-]+@([\w-]+\.)+[a-z]{2,}"), "url": _text(_link), "path": _pattern(r"/[\w.~-]+(/[\w.~:@-]+)*(\?\S+)?/?"),
    "uuid": _text(lambda text: re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) and _is_mixed(text)),
    "ip": _text(_address), "cidr": _text(_network), "host": _text(_host), "phone": _text(_phone),
    "person": _text(_person), "first": _text(_one_name), "last": _text(_one_name), "login": _text(_login),
    "nick": _text(lambda text: _login(text) or _one_name(text) or _person(text)),
    "name": _text(_name), "tag": _text(_is_tag), "word": _text(_is_tag), "title": _text(_title), "prose": _prose(),
    "product": _text(lambda text: _name(text) and not _is_salad(text)), "company": _text(lambda text: _is_capitalised(text.replace(" and ", " And "), 1, 6) and text.lower() not in _RANDOM),
    "city": _text(_place), "place": _text(_place), "street": _text(_street), "address": _text(_postal),
    "country2": _pattern("[A-Z]{2}"), "zone": _pattern(r"[A-Z][a-z]+/[A-Z][A-Za-z_]+(/\w+)?|UTC"),
    "password": _text(lambda text: len(text) >= 4 and " " not in text and text.lower() not in _RANDOM | _FILLERS),
    "id": _identifier, "code": _text(_code), "token": _text(_token), "slug": _text(_slug),
    "hash": _text(lambda text: re.fullmatch(r"[0-9a-z]{10,}", text) and _is_mixed(text) and any(map(str.isdigit, text))),
    "stripe": _text(lambda text: re.fullmatch(r"[a-z]{2,6}_\w{8,}", text) or re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)),
    "version": _text(_version), "mime": _pattern(r"(application|image|text|audio|video)/[\w.+-]+"),
    "html": _text(lambda text: re.search(r"<[a-z]+[^>]*>.*", text, re.DOTALL)),
    "color": _text(lambda text: re.sub(r"^(dark|light|medium|pale|deep|hot)", "", text.lower().replace(" ", "")) in _COLORS or re.fullmatch(r"#[0-9a-fA-F]{6}|[A-Z][a-z]+[A-Z][a-z]+", text)),
    "food": _described(_FOODS), "species": _described(_SPECIES), "department": _described(_DEPARTMENTS),
    "degree": _text(lambda text: re.search(r"(?i)\b(bachelor|master|phd|doctor\w*|mba|b\.?sc?|m\.?sc?|ba|ma|degree|diploma|associate)\b", text)),
    "cause": _text(lambda text: re.search(r"(?i)educat|health|environment|animal|climate|hunger|povert|water|child|research|wildlife|relief|housing|arts|human", text)),
    "status": _text(_STATUS.fullmatch), "company-type": _text(_COMPANY_TYPES.fullmatch),
    "bytes": _pattern(r"\d{1,4}(\.\d+)?(b|kb|mb|gb|tb)|\d{1,12}"), "timetext": _pattern(r"\d{1,4}(\.\d+)?(ms|s|m|h|d|micros|nanos)|0"),
    "count": _text(lambda text: re.fullmatch(r"\d{1,9}", text)),
    "command": _text(lambda text: re.fullmatch(r"[/\w.-]+( [/\w.=-]+)*|--?[\w=./-]+", text) and text not in _RANDOM),
}  # fmt: skip
