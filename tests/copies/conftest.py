"""Fixtures of tests of moves: the two projects."""

import pytest

from tests.support import Person


@pytest.fixture
def source(ann: Person) -> str:
    return ann.create_project("Source")


@pytest.fixture
def target(ann: Person) -> str:
    return ann.create_project("Target")
