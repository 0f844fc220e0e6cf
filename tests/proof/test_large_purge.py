"""The purge of a large project completes although it is killed many times."""

import random
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.trash.jobs import purge_trash
from tests.costs.seeds import fill
from tests.faults import Killed, kill_at_call
from tests.proof.tables import read_state
from tests.support import Person, sign_up
from tests.table_items import get_items

TASKS, KILLS = 10_000, 20
TICKS = 200  # enough for all items


@pytest.mark.proof
@pytest.mark.usefixtures("local_table")
def test_a_purge_of_10_000_tasks_is_completed_although_it_is_killed_20_times(
    ann: Person,
    bob: Person,
    wait_days: Any,
    wait: Any,
    record_property: Callable[[str, object], None],
) -> None:
    kept, deleted = ann.create_project("Kept"), ann.create_project("Deleted")
    for project in (kept, deleted):
        ann.add_member(project, bob)
    ann.create_task(kept, assigned_to=bob.id)
    label = ann.post(f"/api/projects/{deleted}/labels", {"name": "red"}).json_body["id"]
    fill(deleted, [ann.id, bob.id], label, TASKS)
    others = {key: item for key, item in read_state().items() if kept in str(key)}
    assert ann.delete(f"/api/projects/{deleted}").status_code == 204
    assert bob.get(f"/api/projects/{deleted}").status_code == 404
    wait_days(days=30)
    dice, kills = random.Random(1), 0
    for _ in range(TICKS):
        if not get_items([(f"PROJECT#{deleted}", "META")]):  # the last item that is deleted
            break
        try:
            with kill_at_call(dice.randint(1, 120)) if kills < KILLS else nullcontext():
                purge_trash(now())
        except Killed:
            kills += 1
            wait(minutes=7)  # until the lease has expired
    assert kills == KILLS
    left = read_state()
    rest = [pk for pk, sk in left if deleted in pk + sk]
    assert all(pk.startswith("AUDIT#") for pk in rest)  # the audit log is kept for 400 days
    assert {key: left.get(key) for key in others} == others
    assert sign_up(ann.client, "bob").get(f"/api/projects/{kept}").status_code == 200
    record_property("cases", kills)
