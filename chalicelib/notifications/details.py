"""The objects that notifications concern. They are read when a notification is shown, with the
rights that the person has then.

So a notification about a deleted comment shows no text. A notification about a project that the
person has left shows only its kind and time.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from chalicelib.accounts.models import User
from chalicelib.comments.models import Comment
from chalicelib.copies.location_models import find_current_ids
from chalicelib.dynamodb.ids import project_id_of
from chalicelib.dynamodb.table import BatchResult, batch_get
from chalicelib.members.models import Member
from chalicelib.projects.models import Project
from chalicelib.tasks.models import Task

# Of a comment, the beginning is shown.
EXCERPT_MAX = 200


class Reference(Struct, frozen=True):
    """The ids of what a notification is about. `task_id` may be one from before a move."""

    task_id: str | None
    comment_id: str | None
    actor: str | None
    project_id: str | None = None


class Details(Struct, frozen=True):
    """The objects that a notification concerns, as far as the person may read them."""

    project: Project | None = None
    task: Task | None = None
    comment: Comment | None = None
    actor: User | None = None


NOTHING = Details()


def load_details(user_id: str, references: Sequence[Reference]) -> list[Details]:
    """Return the details of each reference, as far as the user may read them now.

    It takes two round trips if there are comments, else one; two more if a task has moved.
    """
    task_ids = {each.task_id: each.task_id for each in references if each.task_id}
    actors = {each.actor for each in references if each.actor}
    projects = {each.project_id for each in references if each.project_id}
    items = _read_tasks(user_id, task_ids.values(), actors, projects)
    missing = [task_id for task_id in task_ids if items.get(Task.key(task_id)) is None]
    if missing and (moved := find_current_ids(missing)):
        task_ids |= moved
        items = items.plus(_read_tasks(user_id, moved.values()))
    tasks = {before: task for before, now in task_ids.items() if (task := items.get(Task.key(now)))}
    comments = _read_comments(references, tasks)
    return [_build_details(user_id, each, tasks, items, comments) for each in references]


def _read_tasks(
    user_id: str,
    task_ids: Iterable[str],
    actors: Iterable[str] = (),
    project_ids: Iterable[str] = (),
) -> BatchResult:
    """Read tasks, the projects and the user's membership in each, and the actors."""
    task_ids = list(task_ids)
    projects = {*project_ids, *map(project_id_of, task_ids)}
    return batch_get(
        *map(Task.key, task_ids),
        *map(Project.key, projects),
        *(Member.key(project_id, user_id) for project_id in projects),
        *map(User.key, actors),
    )


def _read_comments(references: Iterable[Reference], tasks: Mapping[str, Task]) -> BatchResult:
    return batch_get(
        *(
            Comment.key(tasks[str(each.task_id)].original_id, each.comment_id)
            for each in references
            if each.comment_id and each.task_id in tasks
        )
    )


def _build_details(
    user_id: str,
    reference: Reference,
    tasks: Mapping[str, Task],
    items: BatchResult,
    comments: BatchResult,
) -> Details:
    task = tasks.get(str(reference.task_id))
    project_id = task.project_id if task else reference.project_id
    if project_id is None or items.get(Member.key(project_id, user_id)) is None:
        return NOTHING
    project = items.get(Project.key(project_id))
    if project is None or project.deleted_at is not None:
        return NOTHING
    comment = None
    if task is not None and reference.comment_id is not None:
        comment = comments.get(Comment.key(task.original_id, reference.comment_id))
    actor = items.get(User.key(reference.actor)) if reference.actor else None
    return Details(project, task, comment, actor)
