"""docs/proof.md names each promise and its tests, and these exist."""

import ast
import re
from pathlib import Path

import pytest

from infra.proof import Promise, is_page_current, read_promises
from smoke.steps import STEPS

ROOT = Path(__file__).parents[2]
PROMISES = read_promises()


def test_the_page_is_up_to_date() -> None:
    assert is_page_current(), "run make proof"


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: str(promise.number))
def test_the_tests_of_a_promise_exist(promise: Promise) -> None:
    assert promise.tests
    for test in promise.tests:
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / file).read_text())
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in functions if name else any(each.startswith("test_") for each in functions)


def test_what_only_aws_shows_names_steps_of_the_smoke_test() -> None:
    steps = {step.run.__name__ for step in STEPS}
    named = {name for promise in PROMISES for name in re.findall(r"`(\w+_\w+)`", promise.aws)}
    assert named and named <= steps
