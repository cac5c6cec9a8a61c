"""
The tables of numbers: what their names mean, and which are believable, by their kind and their unit.

Rows of `NUMBERS` read `kind least most decimals: names`, and names match as those of `tables` do.
"""

import re

# Names of numbers: kind, least, most, decimals.
NUMBERS = """
latitude 0 0 0: latitude, lat
longitude 0 0 0: longitude, lng, lon
age 18 90 0: age
year 1990 2026 0: year
month 1 12 0: month
day 1 28 0: day
hour 0 23 0: hour
minute 0 59 0: minute
percent 0 100 1: percent, percentage, pct, progress, ratio percent, utilization, state of charge, soc, completeness
ratio 0 1 3: ratio, probability, confidence, fraction, rate, weight ratio, score ratio, opacity
rating 1 5 1: rating, stars, avg rating
score 0 100 1: score, points, karma
price 5 150 2: price, amount, total amount, cost, subtotal, balance, fee, total price, unit price, grand total, sum, \
    revenue, salary, budget, discount, tax, tax amount, vat, tip
cents 500 50000 0: amount cents, price cents, cents, minor units
quantity 1 20 0: quantity, qty, count, number of items, units, copies, stock, seats, replicas, threads, workers, \
    revision, generation, ticks, tick, span, interval count, weeks, months, years, guests, nights
total 0 400 0: total, docs deleted, docs processed, documents deleted, documents processed, processed, \
    skipped, running, \
    succeeded, successful, finished count, hits, matches, views, likes, followers, members, seq no, sequence number, \
    miss count, hit count, indexed, cached, evictions
delay 0 30 0: delay, initial delay, shipping delay, retry delay
factor 0.5 2 2: factor, multiplier, coefficient, scale, zoom
small_share 0 1 2: sampling, sample rate, sampling rate, share, proportion
tiny_price 0.1 0.6 3: price per kwh, price per k wh, energy price, tariff
size_bytes 512 5000000 0: size, file size, bytes, content length, byte count
length 1 500 1: length, distance, width, height, depth, radius, altitude, elevation
width_px 64 1920 0: image width, image height, px, pixels
weight 1 100 2: weight, mass
temperature -10 35 1: temperature, temp
duration_s 30 7200 0: duration, elapsed, seconds, uptime, ttl, timeout, interval, expires in, retry after, latency
port 1024 49151 0: port
status_code 200 200 0: status code, http status
max_watts 0 0 0: max watts, watts, max power, max electric power, power, wattage
max_voltage 0 0 0: max voltage, voltage, volts
max_amperage 0 0 0: max amperage, amperage, amps, max current, current, ampere
energy 1 80 2: energy, kwh, consumption, meter value, energy delivered
ordinal 1 4 0: evse id, connector id, socket id, device evse id, device connector id, charging station evse id, \
    line number, line, ordinal, seq
position 1 50 0: position, index, rank, order, sequence, priority, ordinal, sort order, page, level, step
limit 10 100 0: limit, page size, per page, max results
offset 0 0 0: offset, skip
small 0 5 0: retries, attempts, version, errors, warnings, failed, online socket, offline socket, error socket
"""

# Kinds of numbers that have limits by their nature, whatever an example suggests.
LIMITED = frozenset(
    ("age", "year", "month", "day", "hour", "minute", "percent", "ratio", "rating", "port", "status_code",
     "small_share", "latitude", "longitude")
)  # fmt: skip

HTTP_STATUS = re.compile(r"\bHTTP (?:response )?status\b", re.IGNORECASE)
EPOCH = re.compile(r"\bunix\b|\bepoch\b|timestamp", re.IGNORECASE)
EPOCH_MILLISECONDS = re.compile(r"milli ?seconds|\bms\b|\bmillis\b", re.IGNORECASE)

# Descriptions of a text or number that counts something, or is a share of it.
COUNTED = re.compile(
    r"^\s*(?:The |A )?(?:total |current |maximum |max |minimum |approximate |remaining |optional )?"
    r"(?:number|count|amount) of\b|"
    r"\bhow many\b|^\s*total [a-z]+ [a-z]+|\bcounts?\.?$|^\s*count of\b",
    re.IGNORECASE,
)
FROM_ONE = re.compile(
    r"\b(?:index|number|position)\b[^.]{0,20}\bstart(?:s|ing) (?:at|from|with) 1\b|\b(?:1|one)-based\b", re.IGNORECASE
)
# Names of numbers that only say which one of its object's: `max` of `memory_bytes`.
OF_OWNER = frozenset(
    ("min", "max", "avg", "average", "total", "sum", "value", "current", "mean", "median", "minimum", "maximum")
)
PERCENTAGE = re.compile(r"\bpercent(?:age)?\b|\bin %", re.IGNORECASE)
# Numbers by their unit: what names, what descriptions say so, and least, most, decimals. The first that matches.
_MEASURES = (
    (r"per (kwh|k wh)$", r"\b(price|cost|rate|tariff)\w* per kWh", (0.1, 0.6, 3)),
    (
        r"(duration|length|progress|position|elapsed) (ms|millis|milliseconds)$",
        r"\b(track|song|video|episode) length in ms",
        (30_000, 400_000, 0),
    ),
    (r"(ms|millis|milliseconds)$", r"\bin milli-?seconds\b|\bmilliseconds at which|\(ms\)", (20, 30_000, 0)),
    (r"(micros|microseconds)$", r"\bin microseconds\b", (50, 90_000, 0)),
    (r"(nanos|nanoseconds|nanosecond)$", r"\bin nanoseconds\b", (1_000, 900_000, 0)),
    (r"^latency$|response time$", r"\blatency\b.{0,40}seconds", (0.05, 4, 3)),
    (
        r"delay (seconds|secs)$|(period|timeout|grace period|interval|backoff) (seconds|secs|s)$",
        r"^\s*number of seconds after",
        (5, 60, 0),
    ),
    (r"(seconds|secs|sec)$", r"\bin seconds\b|\bduration in s\b|\bnumber of seconds\b", (5, 3_600, 0)),
    (r"minutes$|mins$", r"\bin minutes\b", (5, 120, 0)),
    (r"hours$|hrs$", r"\bin hours\b", (1, 72, 0)),
    (r"days$", r"\bin days\b|\bnumber of days\b", (1, 60, 0)),
    (
        r"(bytes|byte count)$|^(memory|disk|storage)( |$)|bytes ",
        r"\bin bytes\b|\bnumber of bytes\b|\bsize .{0,30}\bbytes\b",
        (512, 5_000_000, 0),
    ),
    (r"cents$", r"\bin cents\b|\bsmallest currency unit\b|\bminor units?\b", (500, 50_000, 0)),
    (
        r"(image|thumbnail|video|embed|player|screen|frame) (width|height)$|px$|pixels$",
        r"\bin pixels\b",
        (64, 1_920, 0),
    ),
    (r"(kwh|energy)$", r"\bin kWh\b", (1, 80, 2)),
    (r"(watts|power w)$", r"\bin (W|watts)\b", (300, 11_000, 0)),
    (r"(db|decibels?|loudness)$", r"\bdecibels?\b", (-30, -2, 2)),
    (r"(percent|percentage|pct)$", r"\bin %|\bpercentage\b|\bin percent\b", (0, 100, 1)),
    (r"(?!)", r"\bfraction of\b|\bprobability\b", (0, 1, 2)),
    (r"per second$", r"(?!)", (1, 200, 1)),
)
UNITS = tuple((re.compile(name), re.compile(said, re.IGNORECASE), range_) for name, said, range_ in _MEASURES)

# Of kinds of numbers: least, most, decimals.
RANGES: dict[str, tuple[float, float, int]] = {
    words[0]: (float(words[1]), float(words[2]), int(words[3]))
    for words in (line.partition(": ")[0].split() for line in NUMBERS.strip().splitlines())
}
