"""The numbers of a project's tasks: the 12 of `LAUNCH-12`. They count up and are never reused.

A number is drawn before the task is written, so a failed create leaves a gap, as in other issue
trackers. The draw is the only write outside a transaction that is not idempotent: a repeated draw
leaves such a gap too.
"""

from collections.abc import Iterator

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb.outages import translate_outages
from chalicelib.dynamodb.table import Item, Key, batch_get, query_all
from chalicelib.dynamodb.transactions import Put


class TaskNumberSequence(Item):
    """The last number that was drawn in a project."""

    last = NumberAttribute(default=0)

    @staticmethod
    def key(project_id: str) -> "Key[TaskNumberSequence]":
        return Key(TaskNumberSequence, f"PROJECT#{project_id}", "NUMBERS")


class TaskNumber(Item):
    """The task that has a number in a project."""

    task_id = UnicodeAttribute()

    @staticmethod
    def key(project_id: str, number: int) -> "Key[TaskNumber]":
        return Key(TaskNumber, f"PROJECT#{project_id}", f"NUMBER#{number}")


def draw_task_numbers(project_id: str, count: int = 1) -> int:
    """Reserve `count` consecutive numbers in the project and return the first of them."""
    key = TaskNumberSequence.key(project_id)
    with translate_outages():
        data = Item._get_connection().update_item(
            key.pk,
            key.sk,
            actions=[TaskNumberSequence.last.add(count)],
            return_values="UPDATED_NEW",
        )
    return int(data["Attributes"]["last"]["N"]) - count + 1


def assign_number_write(project_id: str, number: int, task_id: str) -> Put:
    """Return the write that assigns the number to a task."""
    key = TaskNumber.key(project_id, number)
    return Put(TaskNumber(key.pk, key.sk, task_id=task_id))


def list_numbered_task_ids(project_id: str) -> Iterator[str]:
    """Yield the ids of all tasks of a project, also of those in the trash."""
    numbers = Item.SK.startswith("NUMBER#")
    for item in query_all(TaskNumber, f"PROJECT#{project_id}", numbers):
        yield item.task_id


def find_task_ids_by_number(numbers: list[tuple[str, int]]) -> list[str]:
    """Return the ids of the tasks with these numbers, given as (project id, number)."""
    keys = [TaskNumber.key(project_id, number) for project_id, number in numbers]
    result = batch_get(*keys)
    return [item.task_id for key in keys if (item := result.get(key))]
