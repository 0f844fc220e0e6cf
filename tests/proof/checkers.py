"""Invariants of the stored data: the checks that follow every simulation.

`find_violations` reads the table and returns a sentence for each rule that does not hold. It works
on the stored attributes, not on the models, so that a defect of a model does not hide itself; only
tokens, index keys and search terms are computed by the code that lists and searches use.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.email_addresses import canonical_address
from chalicelib.projects.models import get_project
from chalicelib.task_lists.models import entry_sort_keys
from chalicelib.task_lists.search import task_terms
from chalicelib.task_lists.snapshots import list_current_entries
from chalicelib.tasks.models import Task, TrashedTask, index_keys
from chalicelib.text import fold_name
from tests.attachment_files import list_objects
from tests.proof.stored_table import Table
from tests.table_items import scan_items

_ID = 26


def find_violations(raw_items: Iterable[Any] | None = None) -> list[str]:
    """Return a sentence for each rule that the items break; default: those of the table now."""
    table = Table(scan_items() if raw_items is None else raw_items)
    return sorted(violation for check in CHECKS for violation in check(table))


def find_file_violations() -> list[str]:
    """Return a sentence for each confirmed file without an object, and the reverse."""
    table, objects = Table(scan_items()), list_objects()
    uploads = {
        row["object_key"]: row
        for prefix, kind in (("TASK#", "FILE#"), ("USER#", "AVATAR#"))
        for _, _, row in table.find(prefix, kind)
    }
    ready = {key for key, row in uploads.items() if row["status"] == "ready"}
    stored = {key for key in objects if key.startswith(("att/", "avatar/"))}
    missing = [f"the object of {key} is missing" for key in ready - stored]
    return sorted(missing + [f"{key} belongs to no item" for key in stored - uploads.keys()])


def find_list_violations() -> list[str]:
    """Return a sentence for each difference of search terms and list snapshots from the tasks.

    They follow the stream, so its records have to be delivered before.
    """
    table = Table(scan_items())
    return sorted([*_check_search_terms(table), *_check_snapshots(table)])


def _differ(what: str, found: Any, expected: Any) -> Iterator[str]:
    """Yield a description of the difference between two sets or counts, if they differ."""
    if isinstance(found, set):
        yield from (f"{what}: {extra} is too many" for extra in found - expected)
        yield from (f"{what}: {missing} is missing" for missing in expected - found)
    elif found != expected:
        yield f"{what}: {found} is stored, {expected} is right"


def _check_claims(table: Table) -> Iterator[str]:
    """Each account has its address and name, each of these one account."""
    active = {user: row for user, row in table.users.items() if "erased_at" not in row}
    addresses = {(row["user_id"], sk) for _, sk, row in table.find("EMAIL#")}
    names = {(row["user_id"], pk) for pk, _, row in table.find("USERNAME#", "CLAIM")}
    expected = {(user, canonical_address(row["email"])) for user, row in active.items()}
    yield from _differ("address", addresses, expected)
    expected = {(user, fold_name(row["username"])) for user, row in active.items()}
    yield from _differ("username", names, expected)


def _check_memberships(table: Table) -> Iterator[str]:
    """Both items of a membership agree, a project counts its members, and one is its owner."""
    here = {(pk, sk, row["role"]) for pk, sk, row in table.find("PROJECT#", "MEMBER#")}
    there = {(sk, pk, row["role"]) for pk, sk, row in table.find("USER#", "PROJECT#")}
    yield from _differ("membership", here, there)
    for project, row in table.projects.items():
        roles = [(user, role) for where, user, role in here if where == project]
        yield from _differ(f"members of {project}", int(row["members_count"]), len(roles))
        owners = {user for user, role in roles if role == "owner"}
        yield from _differ(f"owner of {project}", owners, {row["owner_id"]})


def _check_pairs(table: Table) -> Iterator[str]:
    """Both items of a pair that one transaction writes exist, or neither."""
    names = {(pk, row["label_id"]) for pk, _, row in table.find("PROJECT#", "LABELNAME#")}
    labels = {(pk, label) for pk, label, _ in table.find("PROJECT#", "LABEL#")}
    yield from _differ("label name", names, labels)
    invited = {(sk, row["invitation_id"]) for _, sk, row in table.find("INVITED#", "PROJECT#")}
    invitations = {(pk, sk) for pk, sk, _ in table.find("PROJECT#", "INVITE#")}
    yield from _differ("invitation", invited, invitations)
    relations = {
        (row["relation_id"], pk, sk.rpartition("#")[2])
        for pk, sk, row in table.find("TASK#", "REL#")
    }
    inverse = {(relation, other, task) for relation, task, other in relations}
    yield from _differ("relation", relations, inverse)
    held = {row["job_id"] for _, _, row in table.find("SLOT#")}
    running = {
        job
        for job, _, row in table.find("JOB#")
        if row["status"] in ("waiting", "running") and row["kind"] != "weekly_report"
    }
    yield from _differ("slot of a job", held, running)


def _check_parents(table: Table) -> Iterator[str]:
    """No item outlives the project, task or account that it belongs to."""
    yield from _differ(
        "project of items", {pk for pk, _, _ in table.find("PROJECT#")}, set(table.projects)
    )
    orphans = {pk for pk, _, _ in table.find("TASK#")} - table.original_ids.keys()
    yield from (f"task {task} has items and does not exist" for task in orphans)
    orphans = {pk for pk, _, _ in table.find("USER#")} - table.users.keys()
    yield from (f"user {user} has items and does not exist" for user in orphans)
    numbers = {row["task_id"] for _, _, row in table.find("PROJECT#", "NUMBER#")}
    everywhere = table.tasks.keys() | table.trashed_tasks.keys()
    yield from (f"task {task} has no number" for task in everywhere - numbers)


def _check_project_counts(table: Table) -> Iterator[str]:
    stored: defaultdict[str, Counter[str]] = defaultdict(Counter)
    expected: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for project, _, row in table.find("PROJECT#", "STATS#"):
        counts = {name: int(value) for name, value in row.items() if ":" in name}
        stored[project].update(counts)
    for task, row in table.tasks.items():
        names = [f"status:{row['status']}", f"priority:{row['priority']}"]
        names.append(f"assignee:{row.get('assigned_to') or 'none'}")
        if "completed_at" in row:
            names.append(f"done:{row['completed_at'][:10]}")
        expected[task[_ID:]].update(names)
    for project in stored.keys() | expected.keys():
        yield from _differ(f"counts of {project}", +stored[project], expected[project])
    for noun, counter in (("VIEW#", "VIEWS"), ("WEBHOOK#", "WEBHOOKS")):
        attribute = counter.lower()
        for (pk, sk), row in table.rows.items():
            if sk == counter:
                items = [each for each, _ in table.partitions[pk] if each.startswith(noun)]
                yield from _differ(f"{attribute} of {pk}", int(row[attribute]), len(items))


def _check_task_counts(table: Table) -> Iterator[str]:
    expected: Counter[tuple[str, str]] = Counter()
    for row in table.tasks.values():
        if "parent" in row:
            expected[row["parent"], "subtasks_count"] += 1
    for original, task in table.original_ids.items():
        for sk, row in table.partitions.get(f"TASK#{original}", ()):
            kind = sk.partition("#")[0]
            expected[task, "comments_count"] += kind == "COMMENT"
            is_ready = kind == "FILE" and row["status"] == "ready"
            expected[task, "attachments_count"] += is_ready
            expected[task, "relations_count"] += kind == "REL"
            blocker = sk.removeprefix("REL#blocked_by#") if kind == "REL" else ""
            expected[task, "open_blockers_count"] += _is_open(table, blocker)
    for task, row in (table.tasks | table.trashed_tasks).items():
        for name in ("comments", "attachments", "subtasks", "relations", "open_blockers"):
            count = int(row.get(f"{name}_count") or 0)
            yield from _differ(f"{name} of {task}", count, expected[task, f"{name}_count"])


def _is_open(table: Table, original_id: str) -> bool:
    row = table.tasks.get(table.original_ids.get(original_id, ""))
    return row is not None and row["status"] != "done"


def _check_storage(table: Table) -> Iterator[str]:
    used: dict[str, Counter[str]] = {}
    for original, _, row in table.find("TASK#", "FILE#"):
        task = table.original_ids.get(original, original)
        for owner in (f"TASK#{original}", f"PROJECT#{task[_ID:]}"):
            if row["status"] != "gone":
                used.setdefault(owner, Counter()).update(bytes=int(row["size"]), files=1)
    for (pk, sk), row in table.rows.items():
        if sk == "USAGE":
            stored = {name: int(row.get(name, 0)) for name in ("bytes", "files")}
            found = used.pop(pk, Counter())
            yield from _differ(f"storage of {pk}", stored, {name: found[name] for name in stored})
    yield from (f"the storage of {owner} is not counted" for owner in used)


def _check_index_keys(table: Table) -> Iterator[str]:
    """A task is in each index where its attributes put it. Reminders plan `by_wake` themselves."""
    for (pk, sk), raw in table.raw.items():
        if pk.startswith("PROJECT#") and sk.startswith("TASK#"):
            keys = index_keys(Task.from_raw_data(raw))
            for name, value in keys.items():
                if not name.startswith("wake_"):
                    yield from _differ(f"{name} of {sk}", table.rows[pk, sk].get(name), value)
        elif pk.startswith("PROJECT#") and sk.startswith("TRASH#"):
            task = TrashedTask.from_raw_data(raw)
            row = table.rows[pk, sk]
            yield from _differ(f"{sk} in by_updated", row["updated_key"], f"{task.project_id}#gone")
            lists = {name for name in ("status_key", "priority_key", "due_key", "assignee_key")}
            yield from (f"{sk} is in {name}" for name in lists & row.keys())


def _check_filter_entries(table: Table) -> Iterator[str]:
    """The entries of a task are written with it; only `blocked` follows the stream too."""
    found = {sk for _, sk, _ in table.find("PROJECT#", "BY#") if not sk.startswith("blocked#")}
    expected = set()
    for task, row in table.tasks.items():
        names = {f"creator:{row['created_by']}", f"assignee:{row.get('assigned_to') or 'none'}"}
        names |= {f"label:{label}" for label in row.get("labels") or ()}
        names |= {f"{kind}:{row[kind]}" for kind in ("parent", "rank") if row.get(kind)}
        names |= {f"start:{row['start_at']}"} if row.get("start_at") else set()
        expected |= {f"{name}#{task}" for name in names}
    yield from _differ("filter entry", found, expected)


def _check_outbox(table: Table) -> Iterator[str]:
    """Each comment has its mail; what is settled has an outcome, and what is not is due."""
    mails = {pk: row for pk, _, row in table.find("OUTBOX#", "MAIL")}
    for _, comment, _ in table.find("TASK#", "COMMENT#"):
        if f"commented:{comment}" not in mails:
            yield f"comment {comment} has no mail"
    for mail, row in mails.items():
        if "outcome" not in row and "wake_key" not in row:
            yield f"mail {mail} is neither settled nor due"


def _check_epochs(table: Table) -> Iterator[str]:
    """No session or token is of a later epoch than its account."""
    for kind in ("SESSION#", "TOKEN#", "CALENDAR#"):
        for user, credential, row in table.find("USER#", kind):
            account: Mapping[str, Any] = table.users.get(user, {"epoch": 0})
            if row["epoch"] > account["epoch"]:
                yield f"{kind}{credential} is of a later epoch than its account"


def _check_search_terms(table: Table) -> Iterator[str]:
    found = {sk for _, sk, _ in table.find("PROJECT#") if sk.startswith(("BY#", "WORD#"))}
    expected = set()
    for (pk, sk), raw in table.raw.items():
        if pk.startswith("PROJECT#") and sk.startswith("TASK#"):
            task = Task.from_raw_data(raw)
            expected |= entry_sort_keys(task, task_terms(task))
    yield from _differ("search term or filter entry", found, expected)


def _check_snapshots(table: Table) -> Iterator[str]:
    """A list from the snapshot, with the changes since, shows the tasks as they are."""
    names = ("status", "priority", "assigned_to", "due_date", "updated_at")
    for project_id, row in table.projects.items():
        project = get_project(project_id)
        if project is None or "deleted_at" in row:
            continue
        listed = {
            (entry.id, *(getattr(entry, name) for name in names))
            for entry in list_current_entries(project, datetime.now(UTC))
        }
        stored = {
            (task, *(values.get(name) for name in names))
            for task, values in table.tasks.items()
            if task[_ID:] == project_id
        }
        yield from _differ(f"list of {project_id}", listed, stored)


CHECKS = (
    _check_claims,
    _check_memberships,
    _check_pairs,
    _check_parents,
    _check_project_counts,
    _check_task_counts,
    _check_storage,
    _check_index_keys,
    _check_filter_entries,
    _check_outbox,
    _check_epochs,
)
