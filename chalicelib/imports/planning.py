"""Plan an import: turn the records of a file into tasks that can be written.

The ids of tasks are derived from the import and the place of the task in the file, so a plan that
is made again has the same tasks. Authors of comments are not imported: a file could put words into
the mouth of anybody. The comment begins with the name instead.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from msgspec import Struct

from chalicelib.dynamodb.ids import ID_LENGTH, derive_id, read_time
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.imports import field_values
from chalicelib.imports.formats.records import (
    CommentRecord,
    ParsedFile,
    TaskRecord,
    UnreadableFile,
)
from chalicelib.imports.manual_order import find_moved_ranks
from chalicelib.imports.member_lookup import People
from chalicelib.imports.plan import Plan, PlannedComment, PlannedRelation, PlannedTask
from chalicelib.labels.models import NAME_MAX
from chalicelib.relations.models import INVERSE_KINDS, RELATIONS_MAX
from chalicelib.tasks.references import LABELS_MAX, MAX_DEPTH
from chalicelib.text import fold_name, to_line

TASKS_MAX, COMMENTS_MAX = 20_000, 50_000
# One step creates the labels that the project lacks, one after the other.
FILE_LABELS_MAX = 2_000


class Target(Struct, frozen=True):
    """The target and the times of an import. `project_id` may be the id of a new project.

    `created_at` is when the import was requested, `zone` the time zone of days without an assignee.
    """

    import_id: str
    project_id: str
    requester_id: str
    people: People
    created_at: datetime
    now: datetime
    zone: str


def plan_import(parsed: ParsedFile, target: Target) -> Plan:
    """Return the plan, and add the problems that it finds to those of `parsed`.

    Raises `UnreadableFile` when the file has no tasks, or too many tasks or comments.
    """
    if not parsed.tasks:
        raise UnreadableFile("empty_file")
    if len(parsed.tasks) > TASKS_MAX:
        raise UnreadableFile("too_many_tasks", TASKS_MAX)
    if sum(len(record.comments) for record in parsed.tasks) > COMMENTS_MAX:
        raise UnreadableFile("too_many_comments", COMMENTS_MAX)
    return _Planner(parsed, target).plan()


class _Planner:
    """Plans one import. `_ids` has the id of each task by its reference in the file."""

    def __init__(self, parsed: ParsedFile, target: Target) -> None:
        self._parsed, self._target = parsed, target
        # Labels with a color come from the file itself, whether or not a task has them.
        colored = islice(parsed.colors, FILE_LABELS_MAX)
        self._labels = {fold_name(name): name for name in colored}
        self._records: dict[str, TaskRecord] = {}
        self._ids: dict[str, str] = {}
        self._texts: dict[str, tuple[str, str]] = {}
        for place, record in enumerate(parsed.tasks):
            texts = field_values.read_title_and_description(record, parsed)
            if record.ref in self._records:  # the file has the same id twice
                record.ref = f"{record.ref}#{place}"
            if texts[0]:
                self._texts[record.ref] = texts
                self._records[record.ref] = record
                self._ids[record.ref] = self._derive_task_id(place)

    def plan(self) -> Plan:
        """Return the plan of all tasks that have a title."""
        depths = self._set_parents()
        ranks = self._find_ranks()
        tasks = [
            self._plan_task(record, depths[ref], ranks.get(index))
            for index, (ref, record) in enumerate(self._records.items())
        ]
        colors = {fold_name(name): color for name, color in self._parsed.colors.items()}
        return Plan(
            tasks=tasks,
            relations=list(self._plan_relations()),
            label_names=self._labels,
            colors=colors,
            description=self._parsed.description,
        )

    def _derive_task_id(self, place: int) -> str:
        """Return the id of the task at this place of the file.

        Ids of one import are a millisecond apart, so that lists and copies keep their order. They
        lie before the import, because clients take the time of an id as that of its creation.
        """
        target = self._target
        at = target.created_at - timedelta(milliseconds=TASKS_MAX - place)
        return derive_id(at, f"{target.import_id} {place}") + target.project_id

    def _set_parents(self) -> dict[str, int]:
        """Leave out parents that cannot be, and return the depth of each task by reference."""
        depths: dict[str, int] = {}
        for record in self._records.values():
            if record.parent is not None and record.parent not in self._records:
                self._parsed.report(record.line, "parent", "parent_unknown", record.parent)
                record.parent = None
        for ref in self._records:
            trail: dict[str, None] = {}  # in the order of the steps
            current: str | None = ref
            while current is not None and current not in depths and current not in trail:
                trail[current] = None
                current = self._records[current].parent
            if current in trail:  # a cycle: it is cut at the task that was reached last
                self._records[next(reversed(trail))].parent = None
            for each in reversed(trail):
                depths[each] = self._place(self._records[each], depths)
        return depths

    def _place(self, record: TaskRecord, depths: dict[str, int]) -> int:
        """Return the depth of a task whose parent has one; move it up if it would be too deep."""
        parent = record.parent
        if parent is None:
            return 1
        if depths[parent] == MAX_DEPTH:
            self._parsed.report(record.line, "parent", "too_deep")
            record.parent = self._records[parent].parent
        return min(depths[parent] + 1, MAX_DEPTH)

    def _find_ranks(self) -> dict[int, str]:
        ranks = [record.rank for record in self._records.values()]
        slots = [task_id[:ID_LENGTH] for task_id in self._ids.values()]
        return find_moved_ranks([each or "" for each in ranks], slots) if any(ranks) else {}

    def _plan_task(self, record: TaskRecord, depth: int, rank: str | None) -> PlannedTask:
        target, parsed = self._target, self._parsed
        assignee = self._find_assignee(record)
        zone = target.people.get_zone(assignee)
        start_date, due_date = field_values.read_dates(record, zone, parsed)
        rule, repeat_from = field_values.read_rule(record, parsed)
        next_task = self._ids.get(record.next_task or "")
        if record.next_task is not None and next_task is None:
            rule = repeat_from = None  # the series goes on in a task that is not in the file
        title, description = self._texts[record.ref]
        task_id = self._ids[record.ref]
        return PlannedTask(
            id=task_id,
            title=title,
            description=description,
            status=record.status,
            priority=record.priority,
            created_at=format_timestamp(read_time(task_id)),
            assigned_to=assignee,
            start_date=start_date,
            due_date=due_date,
            labels=self._read_labels(record),
            parent=self._ids[record.parent] if record.parent else None,
            depth=depth,
            completed_at=field_values.read_completion(record, target.zone, target.now),
            rrule=rule,
            repeat_from=repeat_from,
            next_task=next_task,
            rank=rank,
            comments=list(self._plan_comments(record, task_id)),
        )

    def _find_assignee(self, record: TaskRecord) -> str | None:
        """Return the first assignee who is a member; the others are reported."""
        found = None
        for names in record.assignees:
            member = self._target.people.find(names)
            if member is None:
                self._parsed.report(record.line, "assigned_to", "person_unknown", names[0])
            elif found is None:
                found = member
            elif member != found:
                self._parsed.report(record.line, "assigned_to", "more_assignees", names[0])
        return found

    def _read_labels(self, record: TaskRecord) -> list[str]:
        """Return the folded names of the task's labels, without those that cannot be."""
        labels: list[str] = []
        for text in record.labels:
            name = to_line(text)
            folded = fold_name(name)
            if not folded or folded in labels:
                continue
            if len(name) > NAME_MAX:
                self._parsed.report(record.line, "labels", "label_too_long", name)
            elif len(labels) == LABELS_MAX or self._has_no_room(folded):
                self._parsed.report(record.line, "labels", "too_many_labels", name)
            else:
                labels.append(folded)
                self._labels.setdefault(folded, name)
        return labels

    def _has_no_room(self, folded_label: str) -> bool:
        return folded_label not in self._labels and len(self._labels) >= FILE_LABELS_MAX

    def _plan_comments(self, record: TaskRecord, task_id: str) -> Iterable[PlannedComment]:
        """Yield the comments of a task, each at its own time but after the one before it."""
        target, last = self._target, None
        for place, comment in enumerate(record.comments):
            body = field_values.read_text(
                record, "comments", self._name_author(comment), self._parsed
            )
            if not comment.body.strip() or not body:
                self._parsed.report(record.line, "comments", "comment_empty")
                continue
            time = field_values.read_past(comment.created_at, target.zone, target.now)
            at = parse_timestamp(time) if time else target.created_at
            if last is not None and at <= last:
                at = last + timedelta(milliseconds=1)
            last = at
            yield PlannedComment(
                derive_id(at, f"{task_id} {place}"),
                body,
                format_timestamp(at),
                field_values.read_past(comment.edited_at, target.zone, target.now),
            )

    def _name_author(self, comment: CommentRecord) -> str:
        """Return the text of a comment, beginning with its author's name unless that imports it."""
        author = self._target.people.find(comment.author)
        if not comment.author or author == self._target.requester_id:
            return comment.body
        return f"From {to_line(comment.author[-1])}:\n\n{comment.body}"

    def _plan_relations(self) -> Iterable[PlannedRelation]:
        """Yield each relation once: files of this product have it at both of its tasks."""
        seen: set[tuple[str, str, str]] = set()
        counts = Counter[str]()
        for record in self._records.values():
            task = self._ids[record.ref]
            for kind, ref in record.relations:
                other = self._ids.get(ref)
                if other is None or other == task or kind not in INVERSE_KINDS:
                    self._parsed.report(record.line, "relations", "relation_left_out", ref)
                elif {(task, other, kind), (other, task, INVERSE_KINDS[kind])} & seen:
                    continue
                elif max(counts[task], counts[other]) >= RELATIONS_MAX:
                    self._parsed.report(record.line, "relations", "relation_left_out", ref)
                else:
                    seen.add((task, other, kind))
                    counts.update((task, other))
                    yield PlannedRelation(task, other, kind)
