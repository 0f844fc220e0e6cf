"""The last results of `make mutants`, which takes too long for a test."""

from collections.abc import Callable

import pytest

from infra.mutants.page import PAGE, find_unexplained, rate, read_areas, render, total_rate

MINIMUM_PERCENT = 90


def test_at_least_90_percent_of_the_mutants_are_noticed(
    record_property: Callable[[str, object], None],
) -> None:
    assert total_rate().percent >= MINIMUM_PERCENT
    record_property("cases", total_rate().counted)


@pytest.mark.parametrize("area", read_areas())
def test_each_area_notices_most_of_its_mutants(area: str) -> None:
    assert rate(read_areas()[area]).percent >= MINIMUM_PERCENT


def test_every_survivor_is_explained() -> None:
    assert find_unexplained() == []


def test_the_page_has_the_last_results() -> None:
    assert render() in PAGE.read_text(), "run python -m infra.mutants.page"
