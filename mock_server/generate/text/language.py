r"""
Strings of a regular language, of a wanted length.

For each part of a pattern the lengths that it can have are known as a bit mask, so a string of any possible length
is drawn without trial. Look-arounds, back references to come and `\b` are not weighed: callers have to check.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from mock_server.generate.text import charset
from mock_server.generate.text.regex import (
    EMPTY,
    Alternation,
    Anchor,
    BackReference,
    CapturingGroup,
    Chars,
    Concatenation,
    Look,
    Regex,
    Repeat,
    parse_regex,
)

# Longer strings than this are only drawn where the shortest is longer.
_LONGEST = 256
# How many characters a part that may go on for ever usually gets.
_USUAL = 12


@dataclass(frozen=True, slots=True)
class _Sized:
    """A part and the lengths that it can have: bit n for length n."""

    regex: Regex
    lengths: int
    parts: "tuple[_Sized, ...]" = ()
    suffixes: tuple[int, ...] = ()  # of a sequence: the lengths of the parts from each on


class Language:
    """The strings that a pattern finds."""

    def __init__(self, pattern: str, longest: int | None = None) -> None:
        """
        Read a pattern.

        Args:
            pattern: A regular expression of ECMA-262.
            longest: The greatest length that will be wanted, in code points.

        Raises:
            RegexError: it can't be read.
        """
        tree = parse_regex(pattern)
        self._cap = max(16, min(longest if longest is not None else _LONGEST, 100_000))
        self._mask = (1 << (self._cap + 1)) - 1
        self._full = self._size(tree)
        self._demands = [look.body for look in _iter_looks(tree) if look.positive and look.ahead and look.body != EMPTY]
        self._open_start = not _anchored(tree, start=True)
        self._open_end = not _anchored(tree, start=False)

    def draw(self, random: Random, least: int = 0, most: int | None = None) -> str | None:
        """
        Draw a string that the pattern finds, if its look-arounds let it.

        Args:
            random: Where chance comes from.
            least: The wanted length, in code points, at least.
            most: The wanted length, in code points, at most.

        Returns:
            None where no string of such a length exists, or none up to the length known.
        """
        ceiling = self._cap if most is None else min(most, self._cap)
        if ceiling >= least:
            fitting = self._full.lengths & (((1 << (ceiling + 1)) - 1) >> least << least)
        else:
            fitting = 0
        if not fitting:
            return self._padded(random, least, ceiling)
        return _Writer(random).write(self._full, _pick_length(random, fitting))

    def draw_with_demands(self, random: Random, least: int = 0, most: int | None = None) -> str | None:
        r"""Draw a string and write the demands of its look-aheads into its start: `(?=.*[A-Z])(?=.*\d).{8,}`."""
        base = self.draw(random, least, most)
        if base is None or not self._demands:
            return base
        pieces = []
        for body in self._demands:
            sized = self._size(body)
            if sized.lengths:
                pieces.append(_Writer(random).write(sized, _pick_length(random, sized.lengths & -sized.lengths)))
        text = "".join(pieces)
        if len(text) <= len(base) or most is None or len(text) <= most:
            return text + base[len(text) :]
        return base

    def _padded(self, random: Random, least: int, ceiling: int) -> str | None:
        """Put other characters around an unanchored match."""
        shortest = self._full.lengths & ((1 << (ceiling + 1)) - 1)
        if not shortest or not (self._open_start or self._open_end):
            return None
        core = _Writer(random).write(self._full, shortest.bit_length() - 1)
        padding = "a" * (least - len(core))
        if self._open_end:
            return core + padding
        return padding + core

    def _size(self, regex: Regex) -> _Sized:
        if isinstance(regex, Chars):
            return _Sized(regex, 2 if regex.ranges else 0)
        if isinstance(regex, Concatenation):
            parts = tuple(self._size(part) for part in regex.parts)
            suffixes = [1]
            for part in reversed(parts):
                suffixes.append(_convolve(part.lengths, suffixes[-1], self._mask))
            suffixes.reverse()
            return _Sized(regex, suffixes[0], parts, tuple(suffixes))
        if isinstance(regex, Alternation):
            parts = tuple(self._size(option) for option in regex.options)
            lengths = 0
            for part in parts:
                lengths |= part.lengths
            return _Sized(regex, lengths, parts)
        if isinstance(regex, Repeat):
            body = self._size(regex.body)
            return _Sized(regex, _repeat(body.lengths, regex.least, regex.most, self._mask), (body,))
        if isinstance(regex, CapturingGroup):
            body = self._size(regex.body)
            return _Sized(regex, body.lengths, (body,))
        if isinstance(regex, BackReference):
            return _Sized(regex, self._mask)  # as long as what the group took: known when it is written
        return _Sized(regex, 1)


class _Writer:
    """Writes one string."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._taken: dict[int | str, str] = {}

    def write(self, sized: _Sized, length: int) -> str:
        regex = sized.regex
        if isinstance(regex, Chars):
            return self._random.choice(charset.preferred(regex.ranges))
        if isinstance(regex, Concatenation):
            return self._sequence(sized, length)
        if isinstance(regex, Alternation):
            options = [part for part in sized.parts if part.lengths >> length & 1]
            return self.write(self._random.choice(options), length)
        if isinstance(regex, Repeat):
            return self._repeat(sized.parts[0], regex, length)
        if isinstance(regex, CapturingGroup):
            text = self.write(sized.parts[0], length)
            self._taken[regex.number] = text
            if regex.name:
                self._taken[regex.name] = text
            return text
        if isinstance(regex, BackReference):
            return self._taken.get(regex.group, "")
        return ""

    def _sequence(self, sized: _Sized, length: int) -> str:
        out = []
        for index, part in enumerate(sized.parts):
            rest = sized.suffixes[index + 1]
            options = _splits(part.lengths, rest, length)
            own = _pick_length(self._random, options)
            out.append(self.write(part, own))
            length -= own
        return "".join(out)

    def _repeat(self, body: _Sized, repeat: Repeat, length: int) -> str:
        """Repeat a body until the length is used up; `counts` lists the possible numbers of repetitions."""
        if length == 0 and (repeat.least == 0 or body.lengths & 1):
            return ""
        if body.lengths == 2:  # noqa: PLR2004 - single characters: as many as there are places
            return "".join(self.write(body, 1) for _ in range(length))
        out: list[str] = []
        counts = _feasible_counts(body.lengths, repeat.least, repeat.most, length)
        remaining = self._random.choice(counts[: max(1, min(3, len(counts)))])
        for left in range(remaining, 0, -1):
            after = _power(body.lengths, left - 1, (1 << (length + 1)) - 1)
            own = _pick_length(self._random, _splits(body.lengths, after, length))
            out.append(self.write(body, own))
            length -= own
        return "".join(out)


def _pick_length(random: Random, lengths: int) -> int:
    """Choose a length: near the shortest, as people would, and seldom the empty string."""
    shortest = (lengths & -lengths).bit_length() - 1
    window = lengths >> shortest & ((1 << (_USUAL + 1)) - 1)
    options = [shortest + bit for bit in range(_USUAL + 1) if window >> bit & 1]
    if len(options) > 1 and options[0] == 0:
        options = options[1:]
    if len(options) > 4 and options[0] <= 2:  # noqa: PLR2004 - `\w+` rather reads "kettle" than "k"
        options = options[3:]
    return random.choice(options)


def _splits(part: int, rest: int, length: int) -> int:
    """Return the lengths of a part that leave a possible rest."""
    if rest == 1:
        return part & (1 << length)
    flipped = int(format(rest & ((1 << (length + 1)) - 1), f"0{length + 1}b")[::-1], 2)
    return part & flipped


def _convolve(one: int, other: int, mask: int) -> int:
    """Return the lengths of two parts in a row."""
    if one.bit_count() > other.bit_count():
        one, other = other, one
    if other == mask and one:
        return mask >> ((one & -one).bit_length() - 1) << ((one & -one).bit_length() - 1)
    out = 0
    while one:
        low = one & -one
        out |= other * low
        one ^= low
    return out & mask


def _power(lengths: int, count: int, mask: int) -> int:
    """Return the lengths of a part repeated so many times."""
    out, base = 1, lengths
    while count:
        if count & 1:
            out = _convolve(out, base, mask)
        count >>= 1
        if count:
            base = _convolve(base, base, mask)
    return out


def _repeat(lengths: int, least: int, most: int | None, mask: int) -> int:
    """Return the lengths of a part repeated a number of times."""
    if lengths == 2:  # noqa: PLR2004 - single characters
        if most is None:
            high = mask
        elif most < mask.bit_length():
            high = (1 << (most + 1)) - 1
        else:
            high = mask
        return high >> least << least & mask
    longest = mask.bit_length()
    if least > longest and not lengths & 1:
        return 0
    out = _power(lengths, min(least, longest), mask)
    extra = longest if most is None else min(most - least, longest)
    optional = lengths | 1
    return _convolve(out, _power(optional, max(extra, 0), mask), mask)


def _feasible_counts(lengths: int, least: int, most: int | None, length: int) -> list[int]:
    """Return the numbers of repetitions that can fill a length."""
    shortest = max(1, (lengths & -lengths).bit_length() - 1)
    highest = max(least, length // shortest)
    highest = highest if most is None else min(highest, most)
    mask = (1 << (length + 1)) - 1
    found = [count for count in range(least, highest + 1) if _power(lengths, count, mask) >> length & 1]
    return found or [least]


def _iter_looks(regex: Regex) -> Iterator[Look]:
    if isinstance(regex, Look):
        yield regex
    elif isinstance(regex, Concatenation):
        for part in regex.parts:
            yield from _iter_looks(part)
    elif isinstance(regex, CapturingGroup | Repeat):
        yield from _iter_looks(regex.body)


def _anchored(regex: Regex, *, start: bool) -> bool:
    """Return True if a pattern is anchored at the start (or end) of a string."""
    if isinstance(regex, Anchor):
        return regex.start == start
    if isinstance(regex, Concatenation):
        parts = [part for part in regex.parts if not isinstance(part, Look)]
        return bool(parts) and _anchored(parts[0 if start else -1], start=start)
    if isinstance(regex, Alternation):
        return all(_anchored(option, start=start) for option in regex.options)
    return isinstance(regex, CapturingGroup) and _anchored(regex.body, start=start)
