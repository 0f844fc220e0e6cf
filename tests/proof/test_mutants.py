"""The last results of `make mutants`, which takes too long for a test."""

from infra.mutants.page import PAGE, has_reached_goal, read_areas, read_explanations, render


def test_every_explanation_is_of_a_survivor() -> None:
    survivors = {name for result in read_areas().values() for name in result.survivors}
    explained = {name for each in read_explanations().values() for name in each}
    assert explained <= survivors


def test_the_page_has_the_last_results() -> None:
    assert render() in PAGE.read_text(), "run python -m infra.mutants.page"


def test_the_tests_notice_the_share_of_mutants_that_is_the_goal() -> None:
    assert has_reached_goal()
