"""The export of a user's own data.

It holds what `collect_account_data` returns, and the user's tasks, comments and attachments in
every project that the user can still read. docs/privacy.md lists what is in it.
"""

from datetime import datetime

from chalicelib.accounts.models import get_user
from chalicelib.comments.models import Watcher
from chalicelib.dynamodb.table import batch_get
from chalicelib.exports.account_data import collect_account_data
from chalicelib.exports.columns import Record
from chalicelib.exports.task_files import (
    PAGE_SIZE,
    append_tasks,
    export_task,
    start_task_files,
)
from chalicelib.exports.workbook import BUILD_MILLISECONDS, build_workbook_file
from chalicelib.jobs.handlers import (
    BEGINNING,
    END,
    JobHandler,
    JobStep,
    Position,
    can_read_project,
    no_writes,
)
from chalicelib.jobs.models import Job
from chalicelib.members.models import list_memberships_page
from chalicelib.projects.counter_models import count_tasks
from chalicelib.tasks.models import Task, list_project_tasks

ACCOUNT_JSON = "account.json"


def _can_run(job: Job) -> bool:
    user = get_user(job.asked_by)
    return user is not None and user.is_active


def _step(job: Job, now: datetime) -> JobStep:
    """Start the files, append a page of one project's tasks, or end the JSON file.

    The position is the current `project` (None after the last one), the membership key `after`
    which the next project follows, the `start` key of the next page of tasks, the number of tasks
    `written` so far, and the time `zone` of the CSV files. How many tasks are `read`, and their
    `total`, show the progress.
    """
    user_id, position = job.asked_by, job.position
    if position == BEGINNING:
        return _start(user_id, now)
    if "zone" not in position:  # started by an earlier version, with other columns
        return JobStep({}, BEGINNING)
    project_id = position["project"]
    if project_id is None:
        return JobStep({ACCOUNT_JSON: b"]}"}, END)
    if not can_read_project(user_id, project_id):
        return JobStep({}, position | _next_project(user_id, position["after"]))

    page = list_project_tasks(project_id, limit=PAGE_SIZE, start=position["start"])
    watchers = {task.id: Watcher.key(task.original_id, user_id) for task in page.items}
    watched = batch_get(*watchers.values())
    tasks = [
        record
        for task in page.items
        if (record := _export_own_part(task, user_id, watched.get(watchers[task.id])))
    ]
    zone, written = position["zone"], position["written"]
    pieces = append_tasks(ACCOUNT_JSON, project_id, tasks, zone=zone, is_first=not written)
    following: Position = {
        "start": page.last_key,
        "written": written + len(tasks),
        "read": position.get("read", 0) + len(page.items),
    }
    if page.last_key is None:
        following |= _next_project(user_id, position["after"])
    return JobStep(pieces, position | following)


def _start(user_id: str, now: datetime) -> JobStep:
    """Return the first piece of each file, with everything except the tasks."""
    content = collect_account_data(user_id, now)
    total = count_tasks(membership["project"] for membership in content["memberships"])
    numbers = {"written": 0, "read": 0, "total": total}
    position = _next_project(user_id, None) | {"zone": content["time_zone"]} | numbers
    return JobStep(start_task_files(ACCOUNT_JSON, content), position)


def _next_project(user_id: str, after: Position | None) -> Position:
    """Return where the user's next project begins; its `project` is None after the last one."""
    page = list_memberships_page(user_id, limit=1, start=after) if after != END else None
    return {
        "project": page.items[0].project_id if page and page.items else None,
        "after": (page and page.last_key) or END,
        "start": None,
    }


def _export_own_part(task: Task, user_id: str, watcher: Watcher | None) -> Record | None:
    """Return the task with the user's own comments and attachments only.

    `watching` is null unless the user has begun or stopped to watch the task. Returns None if the
    task is neither assigned to the user nor created by them, they do not watch it, and it has no
    comment or attachment of theirs.
    """
    record = export_task(task, user_id)
    comments = [comment for comment in record["comments"] if comment["author"] == user_id]
    attachments = [file for file in record["attachments"] if file["uploaded_by"] == user_id]
    is_own = user_id in (task.assigned_to, task.created_by)
    if not (is_own or comments or attachments or watcher):
        return None
    watching = None if watcher is None else not watcher.muted
    return record | {"comments": comments, "attachments": attachments, "watching": watching}


ACCOUNT_EXPORT_HANDLER = JobHandler(
    is_allowed=_can_run,
    step=_step,
    final_writes=no_writes,
    build_files=build_workbook_file,
    build_milliseconds=BUILD_MILLISECONDS,
)
