"""The numbers of a project's tasks: the 12 of `LAUNCH-12`. They count up and are never reused.

A create takes the number in its own transaction, on the condition that no other create has taken it
(docs/decisions/0049-a-create-takes-its-number-in-its-transaction.md). If one has, and for several
tasks at once, numbers are drawn before the tasks are written. A create that fails after a draw
leaves a gap, as in other issue trackers. The draw is the only write outside a transaction that is
not idempotent: a repeated draw leaves such a gap too.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition

from chalicelib.dynamodb.outages import back_off, translate_outages
from chalicelib.dynamodb.table import Item, Key, batch_get, query_all
from chalicelib.dynamodb.timestamps import to_epoch_seconds
from chalicelib.dynamodb.transactions import ConditionFailed, Put, Update, Upsert, item_key
from chalicelib.errors import Unavailable

DRAW_TRIES = 8


class TaskNumberSequence(Item):
    """The last number that was drawn in a project."""

    last = NumberAttribute(default=0)

    @staticmethod
    def key(project_id: str) -> "Key[TaskNumberSequence]":
        return Key(TaskNumberSequence, f"PROJECT#{project_id}", "NUMBERS")


class TaskNumber(Item):
    """The task that has a number in a project. Of a task that was moved to the project it also has
    the id that the task got when it was created. If the task was moved away, the item expires."""

    task_id = UnicodeAttribute()
    first_id = UnicodeAttribute(null=True)

    @staticmethod
    def key(project_id: str, number: int) -> "Key[TaskNumber]":
        return Key(TaskNumber, f"PROJECT#{project_id}", f"NUMBER#{number}")


class NumberClaim(Struct, frozen=True):
    """The next number of a project, and the write that takes it in the transaction of a create."""

    project_id: str
    number: int
    write: Update

    def is_refused(self, failed: ConditionFailed) -> bool:
        """Return whether the transaction failed because another task has taken the number."""
        number = TaskNumber.key(self.project_id, self.number)
        return item_key(failed.write) in {item_key(self.write), (number.pk, number.sk)}


def claim_next_number(project_id: str, sequence: TaskNumberSequence | None) -> NumberClaim:
    """Return a claim of the number after the last one in `sequence` (None: no task yet)."""
    last = int(sequence.last) if sequence else 0
    is_unchanged: Condition = TaskNumberSequence.last == last
    if sequence is None:
        is_unchanged = TaskNumberSequence.PK.does_not_exist()
    actions = (TaskNumberSequence.last.set(last + 1),)
    write = Update(TaskNumberSequence.key(project_id), actions, is_unchanged)
    return NumberClaim(project_id, last + 1, write)


def draw_task_numbers(project_id: str, count: int = 1) -> int:
    """Reserve `count` consecutive numbers in the project and return the first of them.

    Raises `Unavailable` when transactions that take numbers prevent it, or an outage.
    """
    key = TaskNumberSequence.key(project_id)
    for attempt in range(DRAW_TRIES):
        try:
            with translate_outages():
                data = Item._get_connection().update_item(
                    key.pk,
                    key.sk,
                    actions=[TaskNumberSequence.last.add(count)],
                    return_values="UPDATED_NEW",
                )
        except UpdateError as error:
            if error.cause_response_code != "TransactionConflictException":
                raise
            back_off(attempt)
        else:
            return int(data["Attributes"]["last"]["N"]) - count + 1
    raise Unavailable()


def assign_number_write(
    project_id: str, number: int, task_id: str, *, first_id: str | None = None
) -> Put:
    """Return the write that assigns the number to a task."""
    key = TaskNumber.key(project_id, number)
    return Put(TaskNumber(key.pk, key.sk, task_id=task_id, first_id=first_id))


def expire_number_write(project_id: str, number: int, task_id: str, at: datetime) -> Upsert:
    """Return the write that keeps the number of a task that is moved away until `at`."""
    actions = (
        TaskNumber.task_id.set(task_id),
        TaskNumber.expires_at.set(to_epoch_seconds(at)),
    )
    return Upsert(TaskNumber.key(project_id, number), actions)


def list_original_task_ids(project_id: str) -> Iterator[str]:
    """Yield the original ids of all tasks of a project, also of those in the trash."""
    numbers = Item.SK.startswith("NUMBER#")
    for item in query_all(TaskNumber, f"PROJECT#{project_id}", numbers):
        if item.expires_at is None:
            yield item.first_id or item.task_id


def find_task_ids_by_number(numbers: list[tuple[str, int]]) -> list[str]:
    """Return the ids of the tasks with these numbers, given as (project id, number)."""
    keys = [TaskNumber.key(project_id, number) for project_id, number in numbers]
    result = batch_get(*keys)
    return [item.task_id for key in keys if (item := result.get(key))]
