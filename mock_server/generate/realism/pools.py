"""
Pools of believable values: columns of 256, filled with Faker when first needed.

A value is picked by its row. Columns of one table agree row by row: the city with its coordinates, the name with its
e-mail address, the watts with the volts and amperes. So values of one row are coherent.

The only door to Faker. It is imported when a pool is first filled: to look its hundred locales over takes it a tenth of
a second, which who serves stored answers need not wait for.
"""

import importlib
import importlib.util
import re
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from mock_server.cache import BoundedCache
from mock_server.errors import UsageError
from mock_server.generate.realism import quantities, tables, vocabularies
from mock_server.generate.seed import derive_random, derive_seed
from mock_server.json_values import JsonValue
from mock_server.timing.clock import NOW

ROWS = 256
_MOST_DERIVED = 64  # columns that are kept, of some 20 kB each

_NUMBER_FIRST = frozenset(("US", "GB", "CA", "AU", "IE", "NZ", "IN", "FR"))  # countries whose addresses begin so
_STATIONS = frozenset(("train station", "railway station", "stop", "bus stop", "terminal", "airport"))

Column = tuple[JsonValue, ...]
_Row = tuple[JsonValue, ...]

# Spans of days around now; whatever is picked from two of them is in order.
_MOMENT_SPANS = {
    "born": (-70 * 365, -18 * 365),
    "created": (-900, -400),
    "started": (-390, -120),
    "ended": (-110, -60),
    "updated": (-50, -3),
    "seen": (-2, 0),
    "future": (30, 700),
}

# Kinds that are one formatter of Faker.
_FORMATTERS = {
    "job_title": "job", "password": "password", "secondary_address": "secondary_address", "mac": "mac_address",
    "ipv4": "ipv4_public", "ipv6": "ipv6", "slug": "slug", "sentence": "sentence", "paragraph": "paragraph",
    "word": "word", "hex_color": "hex_color", "iban": "iban", "bic": "swift11",
    "card_number": "credit_card_number", "card_brand": "credit_card_provider", "file_name": "file_name",
    "file_path": "file_path", "md5": "md5", "sha1": "sha1", "sha256": "sha256",
    "uuid": "uuid4", "isbn": "isbn13", "ean": "ean13", "vin": "vin", "license_plate": "license_plate",
    "phone": "phone_number",
}  # fmt: skip

# Kinds that are patterns: `#` a digit, `?` a capital letter, `^` a hexadecimal digit.
_PATTERNS = {
    "vat_number": "??########", "account_number": "############", "numeric_code": "########", "token": "^" * 32,
    "hex_id": "^" * 16, "id_tag": "04" + "^" * 12, "iccid": "893580##############", "imsi": "24405##########",
    "imei": "35############", "serial_number": "SN-########", "version": "%.#.#", "firmware": "%.#.#",
    "evse_id": "FIEMBE#####*#", "error_code": "E%###", "numeral": "%#######", "cidr": "10.4#.#.0/24",
    "house_letter": "?", "price": "%#.##", "max_power_text": "%# kW", **vocabularies.PATTERNS,
}  # fmt: skip

_CHOICES: dict[str, tuple[str, ...]] = {
    "operational_status": tables.OPERATIONAL_STATUSES, "status": tables.STATUSES, "level": tables.LEVELS,
    "capability": tables.CAPABILITIES, "access": tables.ACCESS, "feature": tables.FEATURES, "model_name": tables.MODELS,
    "setting_key": tables.SETTING_KEYS, "setting_value": tables.SETTING_VALUES,
    "gender": ("female", "male", "nonbinary"), "environment": ("production", "staging", "test"),
    "user_agent": ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "curl/8.14.1",
                   "okhttp/5.1.0"),
    "card_expiry": ("03/28", "11/29", "07/30", "01/31"), "language_code": ("en", "fi", "sv", "de", "fr", "es"),
    "language_name": ("English", "Finnish", "Swedish", "German", "French", "Spanish"),
    "mime_type": ("application/json", "image/png", "text/plain", "application/pdf", "image/jpeg"),
    "physical_reference": ("A1", "A2", "B1", "B4", "C3", "P12"), "area": tables.SITE_WORDS,
    "locale": ("en-US", "en-GB", "fi-FI", "de-DE", "fr-FR", "sv-SE"), "event_name": ("created", "updated", "completed"),
    "elapsed": ("0s", "12ms", "340ms", "1.2s", "4.7s", "38s", "2.1m", "86ms"),
    "byte_text": ("512b", "3.4kb", "18.2kb", "240.7kb", "1.3mb", "26.9mb", "1.1gb", "7.8gb"),
    "http_status": ("200", "201", "204", "302", "400", "404"),
    "cron": ("0 * * * *", "*/15 * * * *", "0 6 * * 1"), "duration": ("PT30M", "PT1H", "P1D", "PT45S"),
    **vocabularies.WORDS,
}  # fmt: skip

# What people pay with, by country; elsewhere in dollars.
_CURRENCIES = {
    **dict.fromkeys(("FI", "DE", "FR", "ES", "IT", "NL", "BE", "AT", "IE", "PT", "EE", "LV", "LT", "GR", "SK", "SI"),
                    ("EUR", "Euro", "€")),
    "GB": ("GBP", "Pound sterling", "£"), "SE": ("SEK", "Swedish krona", "kr"), "NO": ("NOK", "Norwegian krone", "kr"),
    "DK": ("DKK", "Danish krone",
           "kr"), "CH": ("CHF", "Swiss franc", "CHF"), "JP": ("JPY", "Yen", "¥"), "IN": ("INR", "Indian rupee", "₹"),
    "BR": ("BRL", "Brazilian real",
           "R$"), "CN": ("CNY", "Yuan", "¥"), "PL": ("PLN", "Zloty", "zł"), "CA": ("CAD", "Canadian dollar", "$"),
}  # fmt: skip

# Tables: the columns, and what makes a row of them.
_TABLES: dict[str, tuple[str, ...]] = {
    "place": (
        "city", "latitude", "longitude", "state", "postcode", "country", "country_code", "country_code_3", "timezone",
        "street_name", "building_number", "street_address", "address", "coordinates",
    ),
    "person": ("first_name", "last_name", "person_name", "email", "user_name"),
    "company": ("company", "domain", "url", "image_url"),
    "product": ("product_name",),
    "socket": (
        "connector_type", "socket_format", "power_type", "max_voltage", "max_amperage", "max_watts", "phase_rotation",
        "max_power_text",
    ),
    "station": ("vendor", "model", "firmware", "meter_type"),
    "configuration": ("config_key", "config_value"),
    "currency": ("currency_code", "currency_name", "currency_symbol"),
}  # fmt: skip
TABLE_OF = {column: table for table, columns in _TABLES.items() for column in columns}

# Formatters that `x-faker` may name besides our kinds: they take nothing and return text or a number.
_SAFE_FORMATTERS = re.compile(r"[a-z][a-z0-9_]*\Z")
# These ask the clock, so they would answer differently every day.
_CLOCK = re.compile(
    r"date|time|year|month|century|expire|passport|uuid1|uuid7|chrome|firefox|opera|safari|user_agent|iso8601|_full|nic_"
)
_UNSAFE = frozenset(
    ("add_provider", "binary", "csv", "dsv", "psv", "tsv", "fixed_width", "image", "json", "json_bytes", "tar", "zip",
     "xml", "seed", "seed_instance", "seed_locale", "format", "parse", "provider", "providers", "get_formatter",
     "set_formatter", "get_providers", "set_arguments", "get_arguments", "del_arguments", "cache_pattern", "enum",
     "items", "factories", "generator_attrs", "locales", "weights", "unique", "optional", "random", "profile",
     "simple_profile", "pyobject", "time_series")
)  # fmt: skip
# What json-schema-faker and Prism users write, as the names of our kinds.
_JS_NAMES = {
    "firstname": "first_name", "lastname": "last_name", "fullname": "person_name", "findname": "person_name",
    "name": "person_name", "username": "user_name", "phonenumber": "phone", "number": "numeric_code",
    "streetaddress": "street_address", "zipcode": "postcode", "countrycode": "country_code", "companyname": "company",
    "productname": "product_name", "domainname": "domain", "avatar": "image_url", "imageurl": "image_url",
    "jobtitle": "job_title", "currencycode": "currency_code", "words": "sentence", "lines": "paragraph", "ip": "ipv4",
    "street": "street_name", "buildingnumber": "building_number", "past": "created", "recent": "seen",
    "future": "future", "soon": "future", "alphanumeric": "token", "manufacturer": "vendor",
}  # fmt: skip


class Pools:
    """The columns of one locale and seed."""

    def __init__(self, locale: str, seed: int, now: datetime = NOW) -> None:
        """
        Prepare pools, filled on first use.

        Args:
            locale: As in `fi_FI`.
            seed: Of all columns.
            now: What moments lie around.

        Raises:
            UsageError: Faker does not know the locale.
        """
        self.locale = check_locale(locale)
        self.seed = seed
        self.now = now
        self._columns: dict[str, Column] = {}
        self._moments: dict[str, tuple[datetime, ...]] = {}
        self._derived: BoundedCache[Hashable, tuple[str, ...]] = BoundedCache(_MOST_DERIVED)
        self._region = self.locale.partition("_")[2] or {"sv": "SE", "da": "DK", "en": "US"}.get(
            self.locale[:2], self.locale[:2].upper()
        )

    def column(self, kind: str) -> Column:
        """
        Return the 256 values of a kind.

        Raises:
            KeyError: there is no such kind.
        """
        if kind not in self._columns:
            self._fill(kind)
        return self._columns[kind]

    def moments(self, kind: str) -> tuple[datetime, ...]:
        """Return 256 moments of a kind; see `_MOMENT_SPANS`. Whole seconds in UTC."""
        if kind not in self._moments:
            first, last = _MOMENT_SPANS[kind]
            random = derive_random(self.seed, "moment", kind)
            span = (last - first) * 86_400
            made = (self.now + timedelta(days=first, seconds=random.randrange(span)) for _ in range(ROWS))
            self._moments[kind] = tuple(made)
        return self._moments[kind]

    def derive(self, key: Hashable, make: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """
        Return texts that follow from a key, made once while they are among the last ones.

        The same properties are in many operations: what is compiled for each shares their columns.
        """
        column = self._derived.get(key)
        if column is None:
            column = self._derived[key] = make()
        return column

    def entity_ids(self, noun: str) -> tuple[int, int]:
        """Return first and step of an entity's ids: row n has the id `first + (n * step) % 65536`."""
        random = derive_random(self.seed, "entity", noun)
        return random.randrange(1_000, 30_000), random.randrange(1, 32_768) * 2 + 1

    def entity_names(self, noun: str) -> Column:
        """Return 256 names of an entity, such as a charger or a group."""
        key = f"name of {noun}"
        if key not in self._columns:
            random = derive_random(self.seed, key)
            if noun in tables.SITES:
                cities = self.column("city")
                names = [f"{city} {random.choice(tables.SITE_WORDS)} {random.randint(1, 40)}" for city in cities[:ROWS]]
            elif noun in _STATIONS:
                names = [f"{city} {random.choice(vocabularies.STATION_WORDS)}" for city in self.column("city")]
            else:
                names = list(map(str, _cycled(vocabularies.NAMES.get(noun) or _qualified(noun), random)))
            self._columns[key] = tuple(names)
        return self._columns[key]

    def sentences(self, kind: str, noun: str) -> Column:
        """Return 256 sentences of a kind about a thing; in other languages than English, of the locale's words."""
        if not self.locale.startswith("en"):
            return self.column("paragraph" if kind == "paragraph" else "sentence")
        key = f"{kind} about {noun}"
        if key not in self._columns:
            random = derive_random(self.seed, key)
            about = noun or "item"
            article = "An" if about[0] in "aeiou" else "A"
            texts = (text.format(noun=about, Noun=about.title(), A=article) for text in vocabularies.SENTENCES[kind])
            self._columns[key] = _cycled(tuple(texts), random)
        return self._columns[key]

    def numbers_as_texts(self, kind: str) -> Column:
        """Return 256 numbers of a kind, as texts."""
        key = f"{kind} as a text"
        if key not in self._columns:
            random = derive_random(self.seed, key)
            low, high, _ = quantities.RANGES.get(kind, (1, 1000, 0))
            self._columns[key] = tuple(str(random.randint(int(low), max(int(high), 1))) for _ in range(ROWS))
        return self._columns[key]

    def written(self, pattern: str) -> Column:
        """Return 256 texts of a pattern: `#` is a digit, `%` one from 1 to 9, `?` a capital, `^` hexadecimal."""
        key = f"written {pattern}"
        if key not in self._columns:
            random = derive_random(self.seed, key)
            self._columns[key] = tuple(_write(random, pattern) for _ in range(ROWS))
        return self._columns[key]

    def chosen(self, options: Column) -> Column:
        """256 values chosen from a few."""
        random = derive_random(self.seed, "chosen", repr(options))
        return tuple(random.choice(options) for _ in range(ROWS))

    def find_named(self, name: str) -> Column | None:
        """
        Return the column of an `x-faker`: a kind of ours, a formatter of Faker, or one of faker.js (`name.firstName`).

        Formatters that take a file, run something or grow without bound are not among them.
        """
        last = name.rpartition(".")[2]
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last).lower()
        for candidate in (name, snake, _JS_NAMES.get(snake.replace("_", ""), "")):
            if candidate in _KINDS:
                return self.column(candidate)
            if candidate in vocabularies.SENTENCES:
                return self.sentences(candidate, "")
            if candidate in _MOMENT_SPANS:
                return tuple(moment.isoformat().replace("+00:00", "Z") for moment in self.moments(candidate))
        if _SAFE_FORMATTERS.match(snake) and snake not in _UNSAFE and not _CLOCK.search(snake):
            return self._formatted(snake)
        return None

    def _fill(self, kind: str) -> None:
        table = TABLE_OF.get(kind)
        if table is not None:
            faker, random = self._faker("table", table), derive_random(self.seed, "table", table)
            rows = [_ROW_MAKERS[table](self, faker, random, row) for row in range(ROWS)]
            self._columns.update(zip(_TABLES[table], zip(*rows, strict=True), strict=True))
        elif kind in _FORMATTERS:
            self._columns[kind] = self._formatted(_FORMATTERS[kind]) or ()
        elif kind in _PATTERNS:
            self._columns[kind] = self.written(_PATTERNS[kind])
        else:
            self._columns[kind] = self.chosen(_CHOICES[kind])

    def _formatted(self, formatter: str) -> Column | None:
        """Return 256 results of a formatter; English ones where the locale has none."""
        for locale in (self.locale, "en_US"):
            faker = _faker(locale)
            method = getattr(faker, formatter, None)
            if not callable(method):
                continue
            faker.seed_instance(derive_seed(self.seed, "formatter", formatter))
            try:
                values = [method() for _ in range(ROWS)]
            except (TypeError, ValueError, AttributeError, NotImplementedError):
                return None  # it needs arguments
            return tuple(map(_as_scalar, values))
        return None

    def _faker(self, *words: str) -> Any:  # noqa: ANN401 - Faker's formatters are added at run time
        faker = _faker(self.locale)
        faker.seed_instance(derive_seed(self.seed, *words))
        return faker


def _qualified(noun: str) -> Column:
    """Return names of a thing whose kind has no names of its own."""
    words = noun.title()
    if noun in vocabularies.EMPTY_NOUNS or not noun:
        return vocabularies.NAMES["project"]
    return tuple(f"{qualifier} {words}" for qualifier in vocabularies.QUALIFIERS)


def _cycled(values: Column, random: Random) -> Column:
    """
    Return 256 values of a few, in turn.

    As many of them as a power of two has: so rows that are an odd step apart, as those of a list are, have different
    values, as long as there are any.
    """
    count = 1 << (len(values).bit_length() - 1)
    chosen = random.sample(values, count)
    return tuple(chosen[row % count] for row in range(ROWS))


def check_locale(locale: str) -> str:
    """
    Normalise a locale: `fi-FI` is `fi_FI`.

    Raises:
        UsageError: Faker does not know it.
    """
    wanted = locale.replace("-", "_")
    found: str | None = next((known for known in _locales() if known.lower() == wanted.lower()), None)
    if found is None:
        near = sorted(known for known in _locales() if known[:2] == wanted[:2].lower())
        raise UsageError(f"the locale {locale!r} is unknown; known are {', '.join(near) or 'en_US, fi_FI, de_DE, …'}")
    return found


@lru_cache(maxsize=8)
def _faker(locale: str) -> Any:  # noqa: ANN401 - Faker's formatters are added at run time
    return importlib.import_module("faker").Faker(locale, use_weighting=False)


@lru_cache(maxsize=1)
def _locales() -> frozenset[str]:
    """Return the locales that Faker knows: those it has a provider's folder of."""
    found = importlib.util.find_spec("faker")
    folders = None
    if found is not None:
        folders = found.submodule_search_locations
    kinds = (kind for folder in folders or () for kind in Path(folder, "providers").iterdir() if kind.is_dir())
    return frozenset(
        own.name for kind in kinds for own in kind.iterdir() if own.is_dir() and not own.name.startswith("_")
    )


def _formatted(faker: Any, formatter: str, fallback: str) -> str:  # noqa: ANN401 - see _faker
    """Return a value of a formatter, where the locale has it."""
    method = getattr(faker, formatter, None)
    if method is not None:
        return str(method())
    return fallback


def _as_scalar(value: object) -> str | int | float | bool:
    if isinstance(value, str | int | float | bool):
        return value
    return str(value)


def _write(random: Random, pattern: str) -> str:
    makers: dict[str, str] = {
        "#": "0123456789",
        "%": "123456789",
        "?": "ABCDEFGHJKLMNPRSTUVWXYZ",
        "^": "0123456789ABCDEF",
    }
    return re.sub(r"[#%?^]", lambda found: random.choice(makers[found[0]]), pattern)


def _place(pools: Pools, faker: Any, random: Random, row: int) -> _Row:  # noqa: ANN401 - see _faker; one signature
    country = pools._region  # noqa: SLF001 - same module
    known = tables.CITIES.get(country)
    if known:
        city, lat, lon, state, postcode = random.choice(known)
    else:
        local = faker.local_latlng(country_code=country) or _faker("en_US").local_latlng(country_code="US")
        city, lat, lon, state, postcode = (
            local[2],
            float(local[0]),
            float(local[1]),
            _formatted(faker, "state", local[2]),
            "",
        )
    lat, lon = round(lat + random.uniform(-0.02, 0.02), 6), round(lon + random.uniform(-0.03, 0.03), 6)
    if not postcode:
        code = faker.postcode()
    else:
        code = postcode + f"{random.randrange(1, 99) * 10:03d}"
    street, number = faker.street_name(), str(random.randint(1, 98))
    name = str(faker.current_country())
    zone = (faker.local_latlng(country_code=country) or ("", "", "", "", "UTC"))[4]
    line = f"{number} {street}" if country in _NUMBER_FIRST else f"{street} {number}"
    return (
        city, lat, lon, state, str(code), name, country, tables.ALPHA_3.get(country, "USA"), zone,
        street, number, line, f"{line}, {code} {city}", f"{lat},{lon}",
    )  # fmt: skip


def _person(pools: Pools, faker: Any, random: Random, row: int) -> _Row:  # noqa: ANN401 - see _faker
    first, last = str(faker.first_name()), str(faker.last_name())
    ascii_first, ascii_last = (re.sub(r"[^a-z]", "", _ascii(part)) for part in (first, last))
    login = f"{ascii_first or 'user'}.{ascii_last or row}"
    return first, last, f"{first} {last}", f"{login}@example.com", login


def _ascii(text: str) -> str:
    return str(text).lower().translate(str.maketrans("äöåéèêëáàâãíìîóòôõúùûüñçøæßł", "aoaeeeeaaaaiiioooouuuuncoasl"))


def _company(pools: Pools, faker: Any, random: Random, row: int) -> _Row:  # noqa: ANN401 - see _faker
    name = str(faker.company())
    word = re.sub(r"[^a-z0-9]+", "-", _ascii(name)).strip("-") or f"company-{row}"
    domain = f"{word}.example.com"
    page = random.choice(("", "about", "products", "terms", "support", "news"))
    return name, domain, f"https://{domain}/{page}", f"https://{domain}/images/{row}.png"


def _product(pools: Pools, faker: Any, random: Random, row: int) -> _Row:  # noqa: ANN401 - see _faker
    name = tables.PRODUCT_NAMES[row % len(tables.PRODUCT_NAMES)]
    return (name,)


def _socket(pools: Pools, faker: Any, random: Random, row: int) -> _Row:  # noqa: ANN401 - see _faker
    type_, format_, power, volts, amperes, watts, rotation = tables.SOCKETS[row % len(tables.SOCKETS)]
    return type_, format_, power, volts, amperes, watts, rotation, f"{watts / 1000:g} kW"


def _station(pools: Pools, faker: Any, random: Random, row: int) -> _Row:  # noqa: ANN401 - see _faker
    return tables.STATIONS[row % len(tables.STATIONS)]


def _currency(pools: Pools, faker: Any, random: Random, row: int) -> _Row:  # noqa: ANN401 - see _faker
    return _CURRENCIES.get(pools._region, ("USD", "US dollar", "$"))  # noqa: SLF001 - same module


def _configuration(pools: Pools, faker: Any, random: Random, row: int) -> _Row:  # noqa: ANN401 - see _faker
    return tables.CONFIGURATION[row % len(tables.CONFIGURATION)]


_ROW_MAKERS: dict[str, Callable[[Pools, Any, Random, int], _Row]] = {
    "place": _place,
    "person": _person,
    "company": _company,
    "product": _product,
    "socket": _socket,
    "station": _station,
    "configuration": _configuration,
    "currency": _currency,
}
_KINDS = frozenset((*_FORMATTERS, *_PATTERNS, *_CHOICES, *TABLE_OF))
