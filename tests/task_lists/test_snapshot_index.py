"""The index of a list snapshot finds what a plain filter and sort of all entries finds."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from chalicelib.aws import s3
from chalicelib.clock import now
from chalicelib.dynamodb.ids import new_id
from chalicelib.projects.models import get_projects
from chalicelib.task_lists.filters import DateBound, DueFilter, Filters, build_due_filter
from chalicelib.task_lists.service import ORDERINGS
from chalicelib.task_lists.snapshot_index.lookup import EntryLookup
from chalicelib.task_lists.snapshot_index.storage import (
    BLOCK_SIZE,
    Entries,
    build_index,
    encode_block,
)
from chalicelib.task_lists.snapshots import PREFIX, ListSnapshot, read_snapshot, refresh_snapshot
from chalicelib.tasks.cards import SnapshotEntry
from tests.costs.seeds import fill
from tests.support import Person

COUNT = 3 * BLOCK_SIZE + 7
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
USERS, LABELS, PARENTS = ("ann", "bob", "cleo"), ("red", "blue", "rare"), ("one", "two")


def _build_entry(number: int, dice: random.Random) -> SnapshotEntry:
    due_date = dice.choice((None, f"2026-06-{dice.randrange(1, 30):02}"))
    return SnapshotEntry(
        id=f"{number:05}",
        status=dice.choice(("todo", "in_progress", "review", "done", "done")),
        priority=dice.choice(("high", "medium", "low")),
        assigned_to=dice.choice((None, *USERS)),
        created_by=dice.choice(USERS),
        labels=dice.choice((None, ["red"], ["red", "blue"], ["blue"]))
        if number % 50
        else ["rare", "red"],
        parent=dice.choice((None, None, *PARENTS)),
        due_date=due_date,
        due_at=due_date and f"{due_date}T22:00:00.000Z",
        updated_at=f"2026-05-{dice.randrange(1, 30):02}T00:00:00.000Z",
        rank=dice.choice((None, f"0{dice.randrange(9)}")),
    )


def _pick_filters(dice: random.Random) -> dict[str, Any]:
    bound = DateBound(f"2026-06-{dice.randrange(1, 30):02}", "Europe/Berlin")
    words = [build_due_filter(word, NOW, "UTC") for word in ("overdue", "none", "next_7_days")]
    possible: dict[str, Any] = {
        "status": dice.choice((frozenset({"todo"}), frozenset({"done", "review"}))),
        "priority": frozenset({"high", "low"}),
        "assigned_to": dice.choice((frozenset({"none"}), frozenset({"ann", "unknown"}))),
        "created_by": frozenset({"bob"}),
        "label": dice.choice((frozenset({"none"}), frozenset({"red", "blue"}))),
        "label_all": dice.choice((frozenset({"red", "blue"}), frozenset({"rare"}))),
        "parent": dice.choice(("none", "one", "unknown")),
        "due": frozenset({dice.choice((DueFilter(after=bound), DueFilter(before=bound), *words))}),
        "overdue": dice.choice((True, False)),
        "updated_since": "2026-05-15T00:00:00.000Z",
    }
    return {name: possible[name] for name in dice.sample(list(possible), dice.randrange(4))}


def test_any_filters_and_order_find_the_same_as_a_plain_filter_and_sort() -> None:
    for seed in range(150):
        _compare_with_plain_filter(random.Random(seed))


def _compare_with_plain_filter(dice: random.Random) -> None:
    entries = [_build_entry(number, dice) for number in range(COUNT)]
    blocks = [
        encode_block(entries[start : start + BLOCK_SIZE]) for start in range(0, COUNT, BLOCK_SIZE)
    ]
    lookup = EntryLookup(Entries(blocks, COUNT), build_index(entries))
    filters = Filters(now="2026-06-15T12:00:00.000Z", **_pick_filters(dice))
    ordering, descending = dice.choice(list(ORDERINGS.values())), dice.choice((True, False))
    after = dice.choice((None, ordering.sort_key(dice.choice(entries))))
    ids = dice.choice((None, None, {entry.id for entry in dice.sample(entries, 40)} | {"unknown"}))

    expected = [
        entry
        for entry in sorted(entries, key=ordering.sort_key, reverse=descending)
        if filters.matches(entry) and (ids is None or entry.id in ids)
    ]
    if after is not None:
        is_later = after.__gt__ if descending else after.__lt__
        expected = [entry for entry in expected if is_later(ordering.sort_key(entry))]
    found = list(lookup.find(filters, ids, ordering, after, descending=descending))
    assert found == expected


def test_a_page_decodes_only_the_blocks_of_its_tasks(
    ann: Person, bob: Person, wait: Callable[..., None]
) -> None:
    project = ann.create_project()
    fill(project, [ann.id, bob.id], new_id(now()), 2 * BLOCK_SIZE + 20)
    wait(minutes=5)
    ann.log_in()
    refresh_snapshot(get_projects([project])[project], now())
    snapshot = read_snapshot(project)
    assert snapshot is not None
    assert len(snapshot.blocks) == 3
    everything = "priority=high,medium,low&status=todo,in_progress,review,done"
    path = f"/api/tasks?project={project}&limit=1&{everything}&ordering=-created_at"
    (expected,) = ann.get(path).json_body["items"]

    damaged = ListSnapshot(
        snapshot.until, [memoryview(b"")] * 2 + [snapshot.blocks[2]], snapshot.index
    )
    s3.put_object(PREFIX + project, msgspec.msgpack.encode(damaged))
    (found,) = ann.get(path).json_body["items"]
    assert found["id"] == expected["id"]
