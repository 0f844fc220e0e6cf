"""The manual order in projects with a list snapshot."""

import random
from collections.abc import Callable

import pytest

from chalicelib.clock import now
from chalicelib.projects.models import get_projects
from chalicelib.task_lists.snapshots import read_snapshot, refresh_snapshot
from tests.costs.seeds import fill
from tests.support import Person

TASKS = 60


def _order(person: Person, project: str, parameters: str = "") -> list[str]:
    path = f"/api/tasks?project={project}&ordering=rank&limit=25{parameters}"
    return [task["id"] for task in person.list_all(path)]


@pytest.mark.parametrize("from_scratch", [False, True])
def test_moved_tasks_keep_their_place_when_the_snapshot_is_renewed(
    ann: Person, bob: Person, wait: Callable[..., None], from_scratch: bool
) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"}).json_body["id"]
    tasks = {task.id: task for task in fill(project, [ann.id, bob.id], label, TASKS)}
    expected, dice = sorted(tasks), random.Random(3)

    for _ in range(3):
        wait(minutes=5)
        ann.log_in()
        refresh_snapshot(get_projects([project])[project], now(), from_scratch=from_scratch)
        assert read_snapshot(project) is not None
        assert _order(ann, project) == expected
        for _ in range(5):
            moved, other = dice.sample(expected, 2)
            ann.patch(f"/api/tasks/{moved}/position", {"after": other})
            expected.remove(moved)
            expected.insert(expected.index(other) + 1, moved)
        assert _order(ann, project) == expected
        done = [task_id for task_id in expected if tasks[task_id].status == "done"]
        assert _order(ann, project, "&status=done") == done
        labeled = [task_id for task_id in expected if tasks[task_id].labels]
        assert _order(ann, project, f"&label={label}&priority=low") == [
            task_id for task_id in labeled if tasks[task_id].priority == "low"
        ]
