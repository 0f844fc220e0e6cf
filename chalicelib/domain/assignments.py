"""What happens to the tasks of somebody who goes."""

from datetime import datetime

from chalicelib.domain import tasks as rules
from chalicelib.store import tasks


def release(project_id: str, user_id: str, now: datetime) -> None:
    """Unassign the person's tasks in the project."""
    for card in tasks.all_assigned_to(user_id):
        if card.project_id == project_id:
            task = tasks.by_id(card.id)
            if task is not None and task.assigned_to == user_id:
                rules.unassign(task, now)
