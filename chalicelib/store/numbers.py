"""The numbers of a project's tasks: the 12 of `KEY-12`, counted up, never given twice.

A number is drawn before the task is written, so a create that fails leaves a gap, as in every
tracker that people know. To draw is the one write outside a transaction that cannot be repeated
without a trace, and the trace is such a gap.
"""

from collections.abc import Iterator

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.store import table
from chalicelib.store.outages import outages_translated
from chalicelib.store.table import Key, Row
from chalicelib.store.transaction import Put


class Numbers(Row):
    """The last number that was drawn in a project."""

    last = NumberAttribute(default=0)

    @staticmethod
    def key(project_id: str) -> "Key[Numbers]":
        return Key(Numbers, f"PROJECT#{project_id}", "NUMBERS")


class Numbered(Row):
    """Which task has a number."""

    task_id = UnicodeAttribute()

    @staticmethod
    def key(project_id: str, number: int) -> "Key[Numbered]":
        return Key(Numbered, f"PROJECT#{project_id}", f"NUMBER#{number}")


def draw(project_id: str, count: int = 1) -> int:
    """The first of `count` numbers in a row that nobody else gets."""
    key = Numbers.key(project_id)
    with outages_translated():
        data = Row._get_connection().update_item(
            key.pk, key.sk, actions=[Numbers.last.add(count)], return_values="UPDATED_NEW"
        )
    return int(data["Attributes"]["last"]["N"]) - count + 1


def given(project_id: str, number: int, task_id: str) -> Put:
    """The write that gives the number to a task."""
    key = Numbered.key(project_id, number)
    return Put(Numbered(key.pk, key.sk, task_id=task_id))


def all_tasks(project_id: str) -> Iterator[str]:
    """The ids of all tasks of a project, also of those in the trash, or on their way."""
    given = Row.SK.startswith("NUMBER#")
    return (row.task_id for row in table.query_all(Numbered, f"PROJECT#{project_id}", given))


def tasks_with(numbers: list[tuple[str, int]]) -> list[str]:
    """The ids of the tasks that have these numbers, each in its project."""
    keys = [Numbered.key(project_id, number) for project_id, number in numbers]
    rows = table.read(*keys)
    return [row.task_id for key in keys if (row := rows.get(key))]
