"""Numbers of any size: integers continue beyond the range of floats, 1.8e308."""

import math
import sys
from typing import Final

LARGEST: Final = sys.float_info.max


def is_finite(number: float) -> bool:
    """Return True if a number is neither infinite nor NaN; whole numbers never are, however large."""
    return isinstance(number, int) or math.isfinite(number)


def as_float(number: float) -> float:
    """Return the nearest float; the largest one for a whole number beyond it."""
    try:
        return float(number)
    except OverflowError:
        if number > 0:
            return LARGEST
        return -LARGEST
