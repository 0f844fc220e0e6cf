"""A migration: a release changes what is derived from tasks, and a reindex brings the data along.

The real example is commit 971d09e, which finds `e-mail` by `email` and texts without spaces by any
part. Tasks that the release before wrote have other search terms.
"""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.projects.jobs import continue_counter_repair, start_counter_repair
from tests.faults import is_killed_at
from tests.proof.checkers import find_list_violations, find_violations
from tests.proof.processes.releases import Release, extract_release
from tests.proof.processes.runner import run_api_processes
from tests.proof.simulation.table_changes import TableChanges
from tests.proof.tables import read_state, restore
from tests.support import Person

BEFORE = "ef81066dbcaf8193d9d748ab1642672957d44ef9"
# A title, and a search that finds it only after the migration.
TASKS = {"Send an e-mail": "email", "会议记录": "记录"}

pytestmark = [pytest.mark.usefixtures("local_table"), pytest.mark.proof]


@pytest.fixture
def project(ann: Person, services: dict[str, str], tmp_path: Path) -> str:
    """A project whose tasks and search terms the earlier release wrote."""
    with run_api_processes(services, [extract_release(BEFORE, tmp_path)]) as (process,):
        earlier = Release(process)
        project = str(earlier.post("projects", {"name": "Launch"}, ann.token)["id"])
        changes = TableChanges()
        for title in TASKS:
            earlier.post("tasks", {"project": project, "title": title}, ann.token)
        records = [each for each in changes.take_records() if _is_task(each)]
        assert not earlier.invoke("follow_changes", {"Records": records})["batchItemFailures"]
    return project


def _is_task(record: dict[str, Any]) -> bool:
    return str(record["dynamodb"]["Keys"]["SK"]["S"]).startswith("TASK#")


def _find(ann: Person, project: str, query: str) -> list[str]:
    found = ann.list_all(f"/api/tasks?project={project}&q={query}")
    return [task["title"] for task in found]


def test_a_migration_that_is_killed_at_any_call_is_completed_by_the_ticks(
    ann: Person,
    project: str,
    wait: Callable[..., None],
    record_property: Callable[[str, object], None],
) -> None:
    assert all(_find(ann, project, query) == [] for query in TASKS.values())
    assert find_list_violations() != []
    assert start_counter_repair(now()) == {"begun": 1}
    state = read_state()
    for call in itertools.count(1):
        restore(state)
        died = is_killed_at(call, lambda: continue_counter_repair(now()), writes_only=False)
        wait(minutes=6, seconds=1)  # the lease of the killed run ends
        continue_counter_repair(now())
        assert find_list_violations() == []
        assert find_violations() == []
        if not died:
            break
    assert call > 10
    ann.log_in()
    for title, query in TASKS.items():
        assert _find(ann, project, query) == [title]
    record_property("cases", call)
