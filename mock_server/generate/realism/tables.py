"""
The tables of meanings.

Each row reads `kind: names`; a name matches a property whose words end with it, so `city` covers `homeCity`, and the
longest match wins. Change the tables, not the code.

Facts that make values believable and that Faker does not know: cities with their coordinates, sockets, devices.
"""

import re

# Text. The kinds are columns of `pools`.
TEXT = """
first_name: first name, given name, forename, fname, givenname, firstname, nick name, nickname
last_name: last name, family name, surname, lname, lastname, familyname
person_name: full name, display name, contact name, person name, customer name, user full name, holder name, \
    card holder, cardholder, author, assignee, recipient name, sender name, owner name, driver name, created by, \
    updated by, modified by, employee name, guest name, passenger name, real name, contact
user_name: username, user name, login, screen name, handle, login name
email: email, e mail, mail, email address, mail address, contact email
phone: phone, phone number, mobile, mobile number, telephone, telephone number, fax, tel, msisdn, cell phone, \
    contact number
job_title: job title, job, occupation, profession, position title
password: password, passwd, secret
gender: gender, sex
company: company, company name, organization, organisation, organization name, organisation name, employer, \
    vendor name, merchant, merchant name, supplier, brand, publisher, operator name, party name, business name, \
    institution
city: city, town, locality, municipality, city name, post town
state: state province, province, region, county, administrative area, state name
area: area, district, suburb, neighbourhood, neighborhood, sub region
country: country, country name, nation
country_code: country code, iso country, country iso, country iso2, countrycode
postcode: postal code, postcode, zip, zip code, postal number, zipcode, post code
street_address: street address, address line, address1, address line 1, address 1, address one, line1, line 1, \
    street line
street_name: street, street name, road
building_number: street number, house number, building number, building, house
house_letter: house letter, staircase, entrance
secondary_address: address line 2, address2, address 2, line2, line 2, apartment, suite, unit number
address: address, full address, formatted address, postal address, location address, location name, venue
latitude: latitude, lat
longitude: longitude, lng, lon, long
timezone: time zone, timezone, tz
coordinates: lat lng, latlng, lat lon, geo
url: url, uri, link, href, website, homepage, web site, site url, self, callback, endpoint, redirect, terms, \
    terms and conditions, permalink, webhook
image_url: image, image url, avatar, avatar url, photo, photo url, thumbnail, thumbnail url, picture, logo, icon, \
    logo url, cover image, banner
domain: domain, domain name, host, hostname, fqdn, server name
ipv4: ip, ip address, ipv4, remote addr, client ip, ip4
ipv6: ipv6, ip6
cidr: cidr, cidr block, cidr range, ip range, ip cidr range, ipv4 cidr, subnet cidr
mac: mac, mac address
user_agent: user agent
uuid: uuid, guid
slug: slug, permalink slug, alias
sentence: message, note, notes, comment, comments, remark, remarks, caption, headline, tagline, hint, last message, \
    reason, detail, subtitle, status message, tooltip
paragraph: description, summary, content, text, bio, biography, about, abstract, body, details, instructions, \
    directions, synopsis, overview
word: tag, keyword, category, topic, genre
color: color, colour, color name
hex_color: hex color, color hex, background color, text color, foreground color
currency_code: currency, currency code, iso currency
currency_name: currency name
currency_symbol: currency symbol
price: price, amount, total amount, cost, subtotal, balance, fee, total price, unit price, grand total, sum
iban: iban
bic: bic, swift, swift code
card_number: card number, credit card number, pan
card_brand: card brand, card type, card scheme, network brand
card_expiry: expiry, card expiry, expiry date
account_number: account number, bank account
vat_number: vat number, vat id, tax id, tax number, vat
language_code: language, lang, language code, locale language
language_name: language name
locale: locale, culture, language tag
version: version, app version, api version, release, software version, client version, build version
firmware: firmware, firmware version, fw version
file_name: file name, filename, attachment
file_path: path, file path, filepath, directory
file_extension: extension, file extension
mime_type: mime type, content type, media type, mimetype
md5: md5, checksum, etag, digest
sha1: sha, sha1, commit sha, revision, commit
sha256: sha256, hash, fingerprint, signature
token: token, api key, apikey, access token, refresh token, client secret, session id, session token, key, nonce, \
    id token, jwt, secret key
numeric_code: code, pin, reference, reference number, order number, invoice number, tracking number, number, ref, \
    confirmation code, transaction id
isbn: isbn, isbn13
ean: ean, barcode, gtin, upc
vin: vin
license_plate: license plate, licence plate, plate number, registration number, plate
hex_id: trace id, span id, request id, correlation id, trace
id_tag: id tag, rfid, card uid, tag uid, contract id, auth id, token uid
iccid: iccid
imsi: imsi
imei: imei
serial_number: serial number, serial, meter serial number, sn
vendor: manufacturer, vendor, make, maker, oem, charge point vendor
model: model, model name, charger model, device model, product model, charge point model
meter_type: meter type, meter model
evse_id: evse id, evse uid, evseid
connector_type: connector type, socket type, plug type, connector standard
socket_format: socket format, connector format
power_type: power type, socket power type
phase_rotation: phase rotation
max_power_text: max power, maximum power, power
physical_reference: physical reference, bay, parking spot, parking bay
capability: capability, capabilities, feature, features
access: permission, permissions, scope, scopes, privilege, privileges, grant, grants
operational_status: charger status, connector status, socket status, charge point status, evse status
status: status, state, order status, payment status
environment: environment, env, stage
level: log level, severity, priority, urgency
config_key: config name, configuration key, setting name, parameter name, config key
config_value: config value, configuration value, setting value, parameter value
product_name: product name, item name, article, product
material: material
department: department, team, division, unit
event_name: event, event type, action, operation, topic name
error_code: error code, fault code
cron: cron, schedule, cron expression
duration: duration
"""

# Moments: columns of times that keep their order, whatever is picked. Text, or a number of seconds or milliseconds.
MOMENTS = """
born: birth date, date of birth, dob, birthday, born, birth
created: created, created at, created on, creation date, creation time, create time, date created, inserted at, \
    registered at, registration date, signup date, joined at, opened at, added at, founded, since, established, \
    issued at, iat, submitted at, uploaded at, ordered at, order date
started: start, started, start date, start time, started at, starts at, effective from, valid from, from, begin, \
    begins at, begin date, activated at, from date, not before, published at, release date, date from, date start, \
    departure, departure time, check in, open, invoice date, shipped at, valid since
ended: end, ended, finish, finished at, end date, end time, ended at, ends at, completed at, completed, until, to, \
    to date, closed at, stopped at, date to, date end, arrival, arrival time, delivered at, check out, processed at, \
    resolved at, deleted at, cancelled at, canceled at
updated: updated, updated at, last updated, modified, modified at, last modified, update time, updated on, \
    date modified, changed at, edited at, last change, synced at, refreshed at
seen: last seen, last login, last activity, last used, accessed at, timestamp, time, date, datetime, date time, \
    last message time, received at, sent at, recorded at, measured at, now, ts, at, when, last accessed, logged at, \
    occurred at, seen at, last sync
future: expires, expires at, expiry date, expiring date, expiration, expiration date, expiry time, valid until, \
    valid to, expiry, recurring expiry, due, due date, due at, next run, next, renewal date, deadline, not after, exp, \
    effective to, \
    effective until, scheduled at, estimated arrival, expire time, valid through, next billing date, best before
"""

# Booleans: how likely they are true.
BOOLEANS = """
0.85: active, enabled, available, valid, success, successful, ok, verified, visible, public, online, is active, \
    connected, active connection, ready, open, healthy, can be changed, editable, supported, allowed, confirmed, \
    complete, in stock
0.1: deleted, archived, disabled, blocked, hidden, error, failed, expired, has more, truncated, read only, deprecated, \
    locked, suspended, cancelled, canceled, revoked, dry run, test, is deleted, incomplete, banned, private, internal, \
    draft
"""

# Descriptions of a text that is a number: bit fields, snowflakes, numbers too large for JavaScript.
_NUMERAL = (
    r"\bbit[- ]?(wise|field|set|mask|flag)s?\b|\bsnowflake\b|\bstringi[fsz]+ied (integer|number)|"
    r"\b(integer|number)s? (encoded |represented |serialized |formatted )?as (a )?strings?\b|"
    r"\bstring (representation )?of (an? )?(\d+-bit )?(unsigned )?(integer|number)\b"
)
NUMERAL = re.compile(_NUMERAL, re.IGNORECASE)
# Descriptions that name a standard, the narrower before the wider.
DESCRIPTIONS = (
    (_NUMERAL, "numeral"),
    (r"\bCIDR\b", "cidr"),
    (r"alpha-3|(three|3)[- ](letter|character|digit) (ISO )?country", "country_code_3"),
    (r"ISO[ -]?4217|currency code", "currency_code"),
    (r"ISO[ -]?3166|(two|2)[- ](letter|character|digit) (ISO )?country|alpha-2|country code", "country_code"),
    (r"ISO[ -]?8601[^.]{0,30}duration|duration[^.]{0,40}ISO[ -]?8601", "duration"),
    (r"ISO[ -]?639|(two|2)[- ]letter language", "language_code"),
    (r"BCP[ -]?47|IETF language|language tag", "locale"),
    (r"E\.?164", "phone"),
    (r"IANA time ?zone|tz database|time ?zone name", "timezone"),
    (r"semver|semantic version", "version"),
    (r"\bIBAN\b", "iban"),
    (r"\bBIC\b|\bSWIFT\b", "bic"),
    (r"e-?mail address", "email"),
    (r"\bURL\b|\bURI\b|hyperlink", "url"),
    (r"\bUUID\b|\bGUID\b", "uuid"),
    (r"phone number", "phone"),
    (r"\bMIME\b", "mime_type"),
    (r"SHA-?256(?! ?[`/,])", "sha256"),
    (r"\bMD5\b", "md5"),
    (r"digest method|hash(?:ing)? algorithm|checksum algorithm", "hash_algorithm"),
    (r"\btime (?:spent|taken|held|scroll)|\belapsed time\b", "elapsed"),
    (r"\b(?:memory|disk space|data usage|heap|cache size|store size)\b(?!.{0,40}\b(?:name|nodes)\b)", "byte_text"),
    (r"hex(?:adecimal)? (?:colou?r|code)|colou?r code", "hex_color"),
    (r"\bHTTP (?:response )?status\b", "http_status"),
    (r"\bPEM\b|X\.?509", "certificate"),
    (r"^\s*(?:a|an) integer\b|\ba (?:decimal|whole|positive) (?:integer|number)\b", "numeral"),
    (r"\b(?:encoded|opaque|encrypted) (?:\w+ )?(?:data|string|token|blob)\b|\bbase64\b", "token"),
    (r"\bHTML\b", "html"),
)
# A name that ends in these says more than that it is an identifier or a name.
MORE_THAN_ENTITIES = frozenset(
    ("evse_id", "id_tag", "hex_id", "token", "vat_number", "numeric_code", "person_name", "bank", "class_name",
     "field_name", "os",
     "license", "browser", "node", "bucket", "service", "namespace", "unit", "category", "plan_name", "mode", "index",
     "room", "tag",
     "image_name")
)  # fmt: skip
# Names that machines read: such a name is written as a slug.
SLUGGED = re.compile(
    r"DNS[_ -]?(?:label|1123|subdomain)|RFC ?1123|unique within a namespace|URL-safe|only lower-?case|volume within",
    re.IGNORECASE,
)
# Beside one of these, an operator compares; in one of those, somebody operates it.
OPERANDS = frozenset(("value", "values", "field", "key", "column", "property", "operand", "operands"))
OPERATED = frozenset(
    ("trip", "train", "flight", "route", "station", "charger", "ship", "bus", "line", "network", "site", "location")
)
FAILURES = frozenset(("error", "failure", "problem", "exception", "warning", "issue", "fault"))
# Kinds that a description that names a standard knows better, and those that it says more exactly.
WEAK = frozenset(
    (None, "status", "word", "numeric_code", "title", "token", "address", "type", "mode", "class_name", "group_name",
     "field_name",
     "node", "index", "service", "unit", "error_message", "reason", "pattern", "query", "expression", "comparison",
     "os", "role",
     "bucket", "bank", "company", "file_path", "tag", "category", "sha256", "md5")
)  # fmt: skip
NARROWER = {
    "country": ("country_code", "country_code_3"), "language_code": ("locale",), "state": ("country_code",),
    "access": ("numeral",), "feature": ("numeral",), "ipv4": ("cidr",), "ipv6": ("cidr",), "color": ("hex_color",),
    "paragraph": ("html",), "size_name": ("byte_text",), "masked": (),
}  # fmt: skip
# Descriptions of a moment that is written as a text, and those of days rather than moments.
_STANDARDS = r"ISO[ -]?8601|RFC[ -]?3339|yyyy-mm-dd"
MOMENT_STANDARD = re.compile(_STANDARDS, re.IGNORECASE)
MOMENT_TEXT = re.compile(
    rf"{_STANDARDS}|\bdate[ -]?time\b|\bdate and time\b|\bpoint in time\b|\btimestamp\b", re.IGNORECASE
)
DAY_TEXT = re.compile(r"yyyy-mm-dd(?![ T'\"]{0,3}(hh|T))", re.IGNORECASE)
# And those of moments as mails and HTTP write them.
MAIL_TEXT = re.compile(r"RFC[ -]?(?:2822|5322|822|1123)|HTTP[ -]date", re.IGNORECASE)
RELATIVE = re.compile(r"\brelative (?:to|ur[il]|path)\b", re.IGNORECASE)
# Where a description says in which case codes are written.
LOWER_CASE = re.compile(r"lower ?-?case", re.IGNORECASE)
UPPER_CASE = re.compile(r"upper ?-?case|in capitals|capital letters", re.IGNORECASE)
# What a description says that leads elsewhere: links of Markdown and HTML, of which the text is kept, and mere
# addresses.
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)|<a\b[^>]*>|</a>|<?https?://\S+")
REGION = re.compile(r"\b(region|province|county|prefecture|U\.?S\.? state|state,|territory)\b", re.IGNORECASE)
# Beside one of these, a state is a region.
AT_A_PLACE = frozenset(
    ("city", "town", "postal code", "postalcode", "postcode", "zip", "zip code", "zipcode", "country", "country code",
     "street", "street address", "county", "line1", "line 1", "address line 1", "address1", "postal")
)  # fmt: skip
ADDRESSES = frozenset(("address", "location", "shipping address", "billing address", "venue", "place"))
# Kinds of text that a number may have where the document says no more of it: `permissions` as a bit field.
MAYBE_NUMERALS = frozenset((None, "access", "feature"))
# Names that say too little: a number in one schema, a word in the next.
GENERIC = frozenset(("type", "kind", "value", "result", "data", "key", "mode", "object", "default"))
# A description that has none of these words speaks of another text.
OF_NUMBERS = re.compile(r"\b(bits?|flags?|numbers?|integers?|counts?|amounts?|total|ids?|mask)\b", re.IGNORECASE)
# Kinds of texts with a notation of their own: where an example has another one than ours, that is the right one.
NOTATED = frozenset(
    ("phone", "postcode", "price", "ean", "isbn", "license_plate", "vat_number", "mac", "imei", "iccid", "imsi",
     "card_number", "coordinates", "max_power_text", "evse_id", "id_tag", "building_number", "vin", "firmware",
     "latitude", "longitude", "hex_color", "dimensions")
)  # fmt: skip
ADDRESSED = frozenset(("ipv4", "ipv6", "cidr"))
LINKED = frozenset(("url", "image_url", "file_path"))

# Kinds of which an example says more than we know: codes, and words of a vocabulary that only the document's author
# knows.
CODES = frozenset(
    ("numeric_code", "token", "hex_id", "account_number", "serial_number", "version", "error_code", "file_name", "sha1",
     "sha256", "md5", "uuid", "word", "title", "status", "slug")
)  # fmt: skip
VOCABULARIES = frozenset(
    ("status", "level", "environment", "event_name", "word", "access", "feature", "setting_key", "setting_value",
     "error_code", "version", "file_extension", "mime_type", "timezone", "locale", "language_code", "model_name",
     "material", "department", "card_brand", "operational_status", "capability", "duration", "cron")
)  # fmt: skip
CODES_IN_CASES = frozenset(("currency_code", "country_code", "country_code_3", "language_code", "bic", "iban"))

# States of a job: those in which it goes on, and those in which it is over and did well.
UNDER_WAY = frozenset(
    ("inprogress", "running", "queued", "pending", "processing", "started", "starting", "creating", "validating",
     "finalizing", "waiting", "scheduled", "incomplete", "working", "building", "provisioning", "initializing",
     "uploading", "executing", "submitted", "accepted", "notstarted", "inqueue", "new")
)  # fmt: skip
DONE = frozenset(
    ("completed", "complete", "succeeded", "success", "successful", "finished", "done", "available", "ready",
     "processed", "uploaded", "deployed", "provisioned", "ok", "passed", "active")
)  # fmt: skip

# What is said of charging stations, and what the same names mean elsewhere.
_CHARGING = frozenset(("evse", "connector", "socket", "ocpp"))
ELSEWHERE = {
    "capability": "feature", "vendor": "company", "model": "model_name", "firmware": "version",
    "meter_type": "model_name", "config_key": "setting_key", "config_value": "setting_value",
}  # fmt: skip


def is_of_charging(owner: frozenset[str]) -> bool:
    """Return True if an object has to do with charging vehicles."""
    return any("charg" in noun or not _CHARGING.isdisjoint(noun.split()) for noun in owner)


# What things are, for those whose `name` follows from it.
PEOPLE = frozenset(
    (
        "user", "driver", "customer", "person", "people", "member", "employee", "owner", "contact", "author", "patient",
        "student", "teacher", "player", "guest", "passenger", "candidate", "applicant", "profile", "friend", "assignee",
        "reviewer", "admin", "actor", "artist", "creator", "sender", "recipient", "subscriber", "payer", "buyer",
        "seller", "attendee", "participant", "visitor", "human", "manager", "agent",
    )
)  # fmt: skip
COMPANIES = frozenset(
    ("company", "organization", "organisation", "business", "merchant", "vendor", "supplier", "brand", "publisher",
     "operator", "employer", "partner", "tenant", "client", "carrier", "manufacturer", "bank", "institution")
)  # fmt: skip
PLACES = {
    "city": "city",
    "country": "country",
    "region": "state",
    "state": "state",
    "currency": "currency_name",
    "language": "language_name",
}
# What is numbered within what it belongs to: their `id` is 1, 2, 3, …
PARTS = frozenset(("socket", "connector", "outlet", "line item", "line", "step"))
PRODUCTS = frozenset(("product", "item", "article", "good", "sku", "service", "plan"))


def read_table(table: str) -> dict[str, str]:
    """Read a table of `kind: names` into names and their kinds."""
    found: dict[str, str] = {}
    for line in table.strip().splitlines():
        head, _, names = line.partition(": ")
        kind = head.split()[0]
        for name in names.split(","):
            found.setdefault(name.strip(), kind)
    return found


# Cities by country where Faker's own list is short: name, latitude, longitude, state, first digits of its postcodes.
CITIES: dict[str, tuple[tuple[str, float, float, str, str], ...]] = {
    "FI": (
        ("Helsinki", 60.1699, 24.9384, "Uusimaa", "00"), ("Espoo", 60.2055, 24.6559, "Uusimaa", "02"),
        ("Vantaa", 60.2934, 25.0378, "Uusimaa", "01"), ("Tampere", 61.4978, 23.7610, "Pirkanmaa", "33"),
        ("Turku", 60.4518, 22.2666, "Varsinais-Suomi", "20"), ("Oulu", 65.0121, 25.4651, "Pohjois-Pohjanmaa", "90"),
        ("Jyväskylä", 62.2426, 25.7473, "Keski-Suomi", "40"), ("Lahti", 60.9827, 25.6615, "Päijät-Häme", "15"),
        ("Kuopio", 62.8924, 27.6770, "Pohjois-Savo", "70"), ("Pori", 61.4851, 21.7974, "Satakunta", "28"),
        ("Vaasa", 63.0951, 21.6165, "Pohjanmaa", "65"), ("Rovaniemi", 66.5039, 25.7294, "Lappi", "96"),
        ("Joensuu", 62.6010, 29.7636, "Pohjois-Karjala", "80"), ("Lappeenranta", 61.0587, 28.1887, "Etelä-Karjala",
                                                                 "53"),
    ),
    "SE": (
        ("Stockholm", 59.3293, 18.0686, "Stockholm", "11"), ("Göteborg", 57.7089, 11.9746, "Västra Götaland", "41"),
        ("Malmö", 55.6050, 13.0038, "Skåne", "21"), ("Uppsala", 59.8586, 17.6389, "Uppsala", "75"),
        ("Umeå", 63.8258, 20.2630, "Västerbotten", "90"), ("Linköping", 58.4108, 15.6214, "Östergötland", "58"),
    ),
    "NO": (
        ("Oslo", 59.9139, 10.7522, "Oslo", "01"), ("Bergen", 60.3913, 5.3221, "Vestland", "50"),
        ("Trondheim", 63.4305, 10.3951, "Trøndelag", "70"), ("Stavanger", 58.9700, 5.7331, "Rogaland", "40"),
    ),
    "DK": (
        ("København", 55.6761, 12.5683, "Hovedstaden", "21"), ("Aarhus", 56.1629, 10.2039, "Midtjylland", "80"),
        ("Odense", 55.4038, 10.4024, "Syddanmark", "50"), ("Aalborg", 57.0488, 9.9217, "Nordjylland", "90"),
    ),
    "EE": (
        ("Tallinn", 59.4370, 24.7536, "Harju", "10"), ("Tartu", 58.3776, 26.7290, "Tartu", "50"),
        ("Pärnu", 58.3859, 24.4971, "Pärnu", "80"), ("Narva", 59.3797, 28.1791, "Ida-Viru", "20"),
    ),
    "CH": (
        ("Zürich", 47.3769, 8.5417, "ZH", "80"), ("Genève", 46.2044, 6.1432, "GE", "12"), ("Bern", 46.9480, 7.4474,
                                                                                             "BE", "30"),
        ("Basel", 47.5596, 7.5886, "BS", "40"), ("Lausanne", 46.5197, 6.6323, "VD", "10"),
    ),
    "AT": (
        ("Wien", 48.2082, 16.3738, "Wien", "10"), ("Graz", 47.0707, 15.4395, "Steiermark", "80"),
        ("Linz", 48.3069, 14.2858, "Oberösterreich", "40"), ("Salzburg", 47.8095, 13.0550, "Salzburg", "50"),
    ),
}  # fmt: skip

# Sockets of charging stations: type, format, power type, volts, amperes, watts, phase rotation.
# Watts are volts times amperes, times three phases of 230 V where there are three.
SOCKETS: tuple[tuple[str, str, str, int, int, int, str], ...] = (
    ("Type2", "SOCKET", "AC_3_PHASE", 400, 32, 22000, "RST"),
    ("Type2", "SOCKET", "AC_3_PHASE", 400, 16, 11000, "RST"),
    ("Type2", "CABLE", "AC_3_PHASE", 400, 32, 22000, "STR"),
    ("Type2", "SOCKET", "AC_1_PHASE", 230, 16, 3680, "R"),
    ("Type2", "CABLE", "AC_1_PHASE", 230, 32, 7360, "S"),
    ("CCS", "CABLE", "DC", 500, 100, 50000, "RST"),
    ("CCS", "CABLE", "DC", 920, 163, 150000, "RST"),
    ("CHAdeMO", "CABLE", "DC", 500, 100, 50000, "RST"),
)

# Charging stations: manufacturer, model, firmware, energy meter.
STATIONS: tuple[tuple[str, str, str, str], ...] = (
    ("Alfen", "Eve Double Pro-line", "6.5.2", "Eastron SDM630"),
    ("Ensto", "Chago Pro", "1.18.4", "Garo GNM3D"),
    ("Kempower", "C-Station", "3.2.1", "Carlo Gavazzi EM340"),
    ("ABB", "Terra AC W22", "1.8.32", "ABB B23"),
    ("Zaptec", "Pro", "2.4.1", "Zaptec MID"),
    ("Easee", "Charge", "329", "Easee internal"),
    ("Wallbox", "Commander 2", "5.17.56", "Carlo Gavazzi EM112"),
    ("Garo", "Entity Pro", "21.3.0", "Garo GNM1D"),
)

CAPABILITIES = ("RFID_READER", "REMOTE_START_STOP_CAPABLE", "RESERVABLE", "UNLOCK_CAPABLE", "CHARGING_PROFILE_CAPABLE")
# The same, of anything but charging stations.
ACCESS = ("read", "write", "admin", "read:users", "write:users", "read:reports", "profile", "delete")
FEATURES = ("search", "export", "notifications", "reports", "audit_log", "two_factor", "dark_mode", "api_access")
MODELS = ("Aurora 300", "Nova 12", "Orion X2", "Vega 5", "Atlas 40", "Lyra S", "Pulse 7", "Delta Mini")
SETTING_KEYS = ("timeout", "log_level", "max_retries", "page_size", "locale", "theme", "cache_ttl", "batch_size")
SETTING_VALUES = ("30", "info", "3", "50", "en", "dark", "300", "100")
OPERATIONAL_STATUSES = ("Available", "Charging", "Preparing", "Finishing", "Unavailable", "Offline")
CONFIGURATION = (
    ("HeartbeatInterval", "300"), ("MeterValueSampleInterval", "60"), ("ConnectionTimeOut", "90"),
    ("AuthorizeRemoteTxRequests", "true"), ("LocalPreAuthorize", "false"), ("StopTransactionOnEVSideDisconnect",
                                                                            "true"),
    ("WebSocketPingInterval", "45"), ("NumberOfConnectors", "2"),
)  # fmt: skip
SITES = frozenset(
    ("charger", "station", "site", "location", "group", "zone", "evse", "depot", "store", "branch", "charging station")
)
PRODUCT_NAMES = (
    "Oak Desk Lamp", "Wool Jacket", "Ceramic Kettle", "Trail Backpack", "Mechanical Keyboard", "Folding Chair",
    "City Bicycle",
    "Hardcover Notebook", "Compact Camera", "Two-Person Tent", "Steel Water Bottle", "Running Shoes",
    "Wireless Headphones",
    "Cotton T-Shirt", "Standing Desk", "Coffee Grinder",
)  # fmt: skip
SITE_WORDS = (
    "Central",
    "Harbour",
    "North",
    "Station Square",
    "Old Town",
    "Market",
    "East",
    "Campus",
    "Park & Ride",
    "West Gate",
)
STATUSES = ("active", "pending", "completed", "inactive")
LEVELS = ("low", "medium", "high")
# ISO 3166-1: the three letters of what has these two.
ALPHA_3 = {
    "AR": "ARG", "AT": "AUT", "AU": "AUS", "BE": "BEL", "BG": "BGR", "BR": "BRA", "CA": "CAN", "CH": "CHE", "CL": "CHL",
    "CN": "CHN", "CO": "COL", "CZ": "CZE", "DE": "DEU", "DK": "DNK", "EE": "EST", "EG": "EGY", "ES": "ESP", "FI": "FIN",
    "FR": "FRA", "GB": "GBR", "GR": "GRC", "HR": "HRV", "HU": "HUN", "ID": "IDN", "IE": "IRL", "IL": "ISR", "IN": "IND",
    "IT": "ITA", "JP": "JPN", "KR": "KOR", "LT": "LTU", "LV": "LVA", "MX": "MEX", "MY": "MYS", "NL": "NLD", "NO": "NOR",
    "NZ": "NZL", "PH": "PHL", "PL": "POL", "PT": "PRT", "RO": "ROU", "RU": "RUS", "SA": "SAU", "SE": "SWE", "SG": "SGP",
    "SI": "SVN", "SK": "SVK", "TH": "THA", "TR": "TUR", "TW": "TWN", "UA": "UKR", "US": "USA", "VN": "VNM",
    "ZA": "ZAF",
}  # fmt: skip
