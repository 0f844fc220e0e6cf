"""Fractions and the room between them, compared with numbers."""

import random
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dynamodb.ids import ALPHABET
from chalicelib.ranks.fractional_index import (
    DIGITS_MAX,
    WINDOW,
    find_fraction,
    make_room,
    previous_slot,
)

FRACTIONS = st.text(ALPHABET, min_size=1, max_size=8).filter(lambda text: text[-1] != "0")


def _value(digits: str | None) -> Fraction:
    if digits is None:
        return Fraction(1)
    return sum(
        (Fraction(ALPHABET.index(digit), 32**place) for place, digit in enumerate(digits, 1)),
        Fraction(0),
    )


@given(st.lists(FRACTIONS | st.just(""), min_size=1, max_size=2, unique=True).map(sorted))
def test_a_fraction_is_between_its_bounds_and_as_short_as_possible(bounds: list[str]) -> None:
    low, high = bounds[0], bounds[1] if len(bounds) == 2 else None
    found = find_fraction(low, high)
    shorter = DIGITS_MAX if found is None else len(found) - 1
    next_multiple = int(_value(low) * 32**shorter) + 1
    assert Fraction(next_multiple, 32**shorter) >= _value(high)
    if found is not None:
        assert _value(low) < _value(found) < _value(high)
        assert low < found and (high is None or found < high) and found[-1] != "0"


def test_equal_fractions_have_no_room_between_them() -> None:
    assert find_fraction("g", "g") is None
    lower, middle, upper = make_room(["g", "g"], ["g"])
    assert sorted({*lower, middle, *upper}) == [*reversed(lower), middle, *upper]


@given(st.lists(FRACTIONS, max_size=40), st.lists(FRACTIONS, max_size=40))
def test_new_fractions_keep_the_order(some: list[str], others: list[str]) -> None:
    middle = len(some)
    ordered = sorted({*some, *others})
    below, above = ordered[:middle][::-1], ordered[middle:]
    lower, new, upper = make_room(below, above)
    after = [*below[len(lower) :][::-1], *lower[::-1], new, *upper, *above[len(upper) :]]
    assert len(lower) + len(upper) <= WINDOW
    assert all(one < other for one, other in pairwise(after))


class Slot:
    """The fractions of a slot, and how many new ones the moves to it made."""

    def __init__(self) -> None:
        self.fractions: list[str] = []
        self.renewed = self.longest = 0

    def insert(self, index: int) -> None:
        """Move another task to the slot, to the place `index`."""
        fractions = self.fractions
        below, above = fractions[max(index - 31, 0) : index][::-1], fractions[index : index + 31]
        new = find_fraction([*below, ""][0], [*above, None][0])
        if new is None:
            lower, new, upper = make_room(below, above)
            fractions[index - len(lower) : index + len(upper)] = [*lower[::-1], *upper]
            self.renewed += len(lower) + len(upper)
            self.longest = max(self.longest, len(new), *map(len, [*lower, *upper]))
        fractions.insert(index, new)


@pytest.mark.parametrize("pattern", ["first", "last", "middle", "beside", "random", "alternating"])
def test_thousands_of_moves_to_one_slot_keep_fractions_short(pattern: str) -> None:
    slot, dice, moves = Slot(), random.Random(1), 5_000
    for number in range(moves):
        places = {
            "first": 0,
            "last": number,
            "middle": number // 2,
            "beside": min(number, 3),
            "random": dice.randint(0, number),
            "alternating": number // 2 + number % 2,
        }
        slot.insert(places[pattern])
    assert slot.fractions == sorted(set(slot.fractions))
    assert slot.longest <= DIGITS_MAX
    assert slot.renewed < 1.2 * moves


def test_tasks_that_take_turns_at_one_place_keep_fractions_short() -> None:
    slot = Slot()
    for number in range(5_000):
        if number >= 7:
            slot.fractions.pop()
        slot.insert(0)
    assert slot.longest <= DIGITS_MAX


def test_the_previous_slot_is_the_ulid_before() -> None:
    assert previous_slot("01m81fwkz2f3v7c9qe0xj4n500") == "01m81fwkz2f3v7c9qe0xj4n4zz"
