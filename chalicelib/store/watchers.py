"""Watchers: a row for each person who began to watch a task, or said no to it.

The creator and the assignee watch without a row, until they say no.
"""

from pynamodb.attributes import BooleanAttribute

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.tasks import Task
from chalicelib.store.transaction import Upsert


class Watcher(Row):
    muted = BooleanAttribute()

    @staticmethod
    def key(task_id: str, user_id: str) -> "Key[Watcher]":
        return Key(Watcher, f"TASK#{task_id}", f"WATCH#{user_id}")

    @property
    def user_id(self) -> str:
        return self.SK.removeprefix("WATCH#")


def drawn_in(task_id: str, user_id: str) -> Upsert:
    """The write that makes a watcher of somebody who did something; who said no stays so."""
    return Upsert(Watcher.key(task_id, user_id), (Watcher.muted.set(Watcher.muted | False),))


def decided(task_id: str, user_id: str, *, muted: bool) -> Upsert:
    """The write that makes a watcher, or keeps the no."""
    return Upsert(Watcher.key(task_id, user_id), (Watcher.muted.set(muted),))


def of_task(task: Task) -> set[str]:
    """The ids of who watches the task."""
    ours = Watcher.SK.startswith("WATCH#")
    said = {row.user_id: row.muted for row in table.query_all(Watcher, f"TASK#{task.id}", ours)}
    own = {user_id for user_id in (task.created_by, task.assigned_to) if user_id}
    return {user_id for user_id in own | set(said) if not said.get(user_id)}
