"""Removing for good: the rows of a project's or a task's own partition, a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.store import table
from chalicelib.store.numbers import Numbered
from chalicelib.store.table import Row


@dataclass(frozen=True)
class Place:
    """Where a row stands, and so what it is."""

    pk: str
    sk: str

    def after(self, prefix: str) -> str | None:
        """The rest of the sort key behind `prefix`, or None for another kind of row."""
        return self.sk.removeprefix(prefix) if self.sk.startswith(prefix) else None


def of_project(project_id: str, *, limit: int) -> list[Place]:
    """The first rows of a project's partition but its own, which goes last."""
    page = table.query(Row, f"PROJECT#{project_id}", limit=limit + 1)
    places = [Place(row.PK, row.SK) for row in page.rows]
    return [place for place in places if place.sk != "META"][:limit]


def of_task(task_id: str) -> Iterator[Place]:
    """The rows of everything that hangs on a task."""
    return (Place(row.PK, row.SK) for row in table.query_all(Row, f"TASK#{task_id}"))


def of_number(project_id: str, number: int) -> Place:
    """Where the number of a task leads to it."""
    key = Numbered.key(project_id, number)
    return Place(key.pk, key.sk)


def in_feed(places: list[Place], project_id: str) -> list[Place]:
    """Where the activity among a task's `places` stands once more."""
    return [Place(f"FEED#{project_id}", place.sk) for place in places if place.after("ACT#")]


def of_feed(project_id: str) -> Iterator[Place]:
    """What a project's feed holds."""
    return (Place(row.PK, row.SK) for row in table.query_all(Row, f"FEED#{project_id}"))


def remove(places: list[Place]) -> None:
    """Delete the rows; doing it again changes nothing."""
    table.delete([(place.pk, place.sk) for place in places])
