"""Fixtures of tests of relations: two tasks of a project."""

import pytest

from tests.support import Person


@pytest.fixture
def project(ann: Person) -> str:
    return ann.create_project()


@pytest.fixture
def task(ann: Person, project: str) -> str:
    return str(ann.create_task(project, "Paint")["id"])


@pytest.fixture
def other(ann: Person, project: str) -> str:
    return str(ann.create_task(project, "Buy paint")["id"])
