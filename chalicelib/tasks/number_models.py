"""The numbers of a project's tasks: the 12 of `KEY-12`, counted up, never given twice.

A number is drawn before the task is written, so a create that fails leaves a gap, as in every
tracker that people know. To draw is the one write outside a transaction that cannot be repeated
without a trace, and the trace is such a gap.
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
    """Which task has a number."""

    task_id = UnicodeAttribute()

    @staticmethod
    def key(project_id: str, number: int) -> "Key[TaskNumber]":
        return Key(TaskNumber, f"PROJECT#{project_id}", f"NUMBER#{number}")


def draw_task_numbers(project_id: str, count: int = 1) -> int:
    """The first of `count` numbers in a row that nobody else gets."""
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
    """The write that gives the number to a task."""
    key = TaskNumber.key(project_id, number)
    return Put(TaskNumber(key.pk, key.sk, task_id=task_id))


def list_numbered_task_ids(project_id: str) -> Iterator[str]:
    """The ids of all tasks of a project, also of those in the trash, or on their way."""
    given = Item.SK.startswith("NUMBER#")
    return (row.task_id for row in query_all(TaskNumber, f"PROJECT#{project_id}", given))


def find_task_ids_by_number(numbers: list[tuple[str, int]]) -> list[str]:
    """The ids of the tasks that have these numbers, each in its project."""
    keys = [TaskNumber.key(project_id, number) for project_id, number in numbers]
    rows = batch_get(*keys)
    return [row.task_id for key in keys if (row := rows.get(key))]
