"""The plan of an import: tasks, comments and relations as they will be written, in pages."""

from collections.abc import Iterator

from msgspec import Struct

# A step of the job writes one page.
PAGE_TASKS, PAGE_COMMENTS = 100, 1_000


class PlannedComment(Struct):
    """A comment with its id, which is in the order of the comments of its task."""

    id: str
    body: str
    created_at: str
    edited_at: str | None = None


class PlannedTask(Struct):
    """A task with its id; `depth` is 1 without a parent.

    When the plan is carried out, it gets its `number`, and the ids of its `labels` in place of
    their folded names.
    """

    id: str
    title: str
    description: str
    status: str
    priority: str
    created_at: str
    number: int = 0
    assigned_to: str | None = None
    start_date: str | None = None
    due_date: str | None = None
    labels: list[str] = []
    parent: str | None = None
    depth: int = 1
    completed_at: str | None = None
    rrule: str | None = None
    repeat_from: str | None = None
    next_task: str | None = None
    rank: str | None = None
    comments: list[PlannedComment] = []


class PlannedRelation(Struct):
    task: str
    other: str
    kind: str


class Page(Struct):
    """The objects that one step creates: tasks of one depth with their comments, or relations."""

    tasks: list[PlannedTask] = []
    relations: list[PlannedRelation] = []


class Plan(Struct):
    """A whole import: tasks in the order of the file, and label names by folded name."""

    tasks: list[PlannedTask]
    relations: list[PlannedRelation]
    label_names: dict[str, str]
    colors: dict[str, str]
    description: str

    @property
    def comments_count(self) -> int:
        return sum(len(task.comments) for task in self.tasks)

    def list_pages(self) -> Iterator[Page]:
        """Yield the pages in an order in which parents exist before subtasks and relations."""
        for depth in sorted({task.depth for task in self.tasks}):
            page, comments = Page(tasks=[]), 0
            for task in self.tasks:
                if task.depth != depth:
                    continue
                comments += len(task.comments)
                is_full = len(page.tasks) == PAGE_TASKS or comments > PAGE_COMMENTS
                if page.tasks and is_full:
                    yield page
                    page, comments = Page(tasks=[]), len(task.comments)
                page.tasks.append(task)
            yield page
        for first in range(0, len(self.relations), PAGE_TASKS):
            yield Page(relations=self.relations[first : first + PAGE_TASKS])
