"""Which change owes whom a mail. Who really gets it is decided when it is sent."""

from datetime import datetime

from chalicelib.store import outbox
from chalicelib.store.ids import new_id
from chalicelib.store.tasks import Task
from chalicelib.store.transaction import Put

ASSIGNED, DUE_SOON = "assigned", "due_soon"


def assigned(task: Task, before: str | None, *, actor: str, now: datetime) -> tuple[Put, ...]:
    """The mail to a new assignee, unless they assigned themselves."""
    if task.assigned_to in (None, before, actor):
        return ()
    owed = outbox.owed(
        new_id(now),
        kind=ASSIGNED,
        recipient=str(task.assigned_to),
        task_id=task.id,
        actor=actor,
        now=now,
    )
    return (owed,)


def due_soon(task: Task, *, now: datetime) -> Put:
    """The reminder of one task, due value and recipient: its id, so it can be owed only once."""
    return outbox.owed(
        f"{DUE_SOON}:{task.id}:{task.due_at}:{task.assigned_to}",
        kind=DUE_SOON,
        recipient=str(task.assigned_to),
        task_id=task.id,
        due_at=task.due_at,
        now=now,
    )
