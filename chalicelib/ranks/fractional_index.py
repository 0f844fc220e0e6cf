"""Fractional indexing: there is room for a new rank between any two ranks.

A rank is a string of two parts: a slot of 26 characters, which is the ULID of a task, and a
fraction, the base-32 digits of a number between 0 and 1. The rank of a task that was never moved is
its own ULID without a fraction. The ranks between two such tasks have the slot of the first one and
a fraction. No fraction ends with the digit 0, so the string order is the numeric order.
"""

from collections.abc import Sequence

from chalicelib.dynamodb.ids import ALPHABET, ID_LENGTH

BASE = len(ALPHABET)
# When no fraction of at most this many digits is free, neighbors get new ranks.
DIGITS_MAX = 6
# Fractions are computed as integers: multiples of 1 / BASE**PRECISION.
PRECISION = 24
ONE = BASE**PRECISION
# The most neighbors that get new ranks at once. About this many moves to one position use up the
# room in an empty slot.
WINDOW = 30
# The neighbors get 1 / 2**SHARE_BITS of the room below, and as much above.
SHARE_BITS = 6


def split_rank(rank: str) -> tuple[str, str]:
    """Return the slot and the fraction of a rank."""
    return rank[:ID_LENGTH], rank[ID_LENGTH:]


def previous_slot(slot: str) -> str:
    """Return the slot before this one; its fractions sort directly before the slot."""
    return _to_digits(_to_number(slot, ID_LENGTH) - 1, ID_LENGTH)


def next_slot(slot: str) -> str:
    """Return the slot after this one."""
    return _to_digits(_to_number(slot, ID_LENGTH) + 1, ID_LENGTH)


def find_fraction(low: str, high: str | None) -> str | None:
    """Return a short fraction between two others, or None if there is no room for one.

    `high` None stands for 1.
    """
    low_number, high_number = _to_units(low), ONE if high is None else _to_units(high)
    if low_number >= high_number:
        return None
    fraction = _shortest_between(low_number, high_number)
    return fraction if len(fraction) <= DIGITS_MAX else None


def make_room(below: Sequence[str], above: Sequence[str]) -> tuple[list[str], str, list[str]]:
    """Return new fractions for the nearest neighbors below, a fraction between, and new fractions
    for the nearest neighbors above.

    `below` and `above` are the fractions of the neighbors, nearest first; the results are in the
    same order. At most `WINDOW` neighbors get new fractions. These leave most of the room in the
    middle, where the next moves are likely. Raises `ValueError` if too many fractions are equal.
    """
    lows, highs = [*map(_to_units, below), 0], [*map(_to_units, above), ONE]
    windows = [
        (number, min(WINDOW - number, len(above))) for number in range(min(WINDOW, len(below)) + 1)
    ]
    n_below, n_above = max(windows, key=lambda each: highs[each[1]] - lows[each[0]])
    low, high = lows[n_below], highs[n_above]
    share = (high - low) >> SHARE_BITS
    lower = _spread(low, low + share, n_below)
    upper = _spread(high - share, high, n_above)
    return lower[::-1], _shortest_between(low + share, high - share), upper


def spread_fractions(number: int) -> list[str]:
    """Return `number` fractions in ascending order, evenly spread between 0 and 1."""
    return _spread(0, ONE, number)


def _spread(low: int, high: int, number: int) -> list[str]:
    """Return `number` fractions between two numbers, evenly spread."""
    part = (high - low) // max(number, 1)
    starts = (low + index * part + part // 4 for index in range(number))
    return [_shortest_between(start, start + part // 2) for start in starts]


def _shortest_between(low: int, high: int) -> str:
    """Return the shortest fraction between two others, near their middle.

    Raises `ValueError` if there is none of `PRECISION` digits.
    """
    for length in range(1, PRECISION + 1):
        unit = BASE ** (PRECISION - length)
        first, last = low // unit + 1, (high - 1) // unit
        if first <= last:
            return _to_digits((first + last) // 2, length)
    raise ValueError("There is no room between these fractions")


def _to_units(fraction: str) -> int:
    return _to_number(fraction, PRECISION)


def _to_number(digits: str, length: int) -> int:
    """Return the first `length` digits, filled up with zeros, as an integer."""
    number = 0
    for digit in digits[:length].ljust(length, ALPHABET[0]):
        number = number * BASE + ALPHABET.index(digit)
    return number


def _to_digits(number: int, length: int) -> str:
    """Return an integer as `length` digits."""
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, BASE)
        digits = ALPHABET[digit] + digits
    return digits
