"""The commands of `task`."""

from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from task_cli import version
from task_cli.client import find_project, open_client
from task_cli.credentials import (
    Credentials,
    CredentialStore,
    delete_credentials,
    load_login,
    normalize_url,
    save_credentials,
)
from task_cli.failures import report_failures
from task_cli.output import console, print_fields, print_json, print_table
from task_cli.prompts import ask_secret
from task_manager_client import ApiError, TaskManager, connect, expect, iterate, resume, upload_file
from task_manager_client.api.attachments import list_attachments
from task_manager_client.api.auth import log_out
from task_manager_client.api.projects import list_projects
from task_manager_client.api.tasks import create_task, get_task, list_tasks, set_task_status
from task_manager_client.connections import create_session
from task_manager_client.models import (
    Attachment,
    AttachmentPage,
    CountedProject,
    DueDateFilter,
    ExpandedTask,
    NewStatus,
    NewTask,
    Task,
    TaskCard,
    TaskOrdering,
    TaskPriority,
    TaskStatus,
    TaskStatusFilter,
)
from task_manager_client.types import UNSET

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, as the API returns it.")]
TaskName = Annotated[
    str, typer.Argument(metavar="TASK", help="A key, such as LAUNCH-12, or an id.")
]


class Assignee(StrEnum):
    """The assignee of the listed tasks."""

    ME = "me"
    NONE = "none"


def run() -> None:
    """Run the command; failures become a line on stderr and an exit code."""
    with report_failures():
        app(prog_name="task")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(version.__version__)
        raise typer.Exit


@app.callback()
def describe(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """List, add and finish tasks of a Task Manager.

    `task login` keeps a login. Scripts set TASK_URL and TASK_TOKEN, an API token.

    Exit codes: 0 done, 1 refused, 2 wrong usage, 3 not logged in, 4 not found, 5 no response.
    """


@app.command()
def login(
    url: Annotated[
        str, typer.Option(envvar="TASK_URL", prompt="Address of the API", help="Without /api.")
    ],
    email: Annotated[str, typer.Option(help="Asked for, unless given.")] = "",
    with_token: Annotated[
        bool, typer.Option("--with-token", help="Ask for an API token, not a password.")
    ] = False,
) -> None:
    """Log in and keep the login: in the keyring if there is one, else in a private file."""
    url = normalize_url(url)
    if with_token:
        credentials = Credentials(url, ask_secret("API token"))
        with connect(url, credentials.token or "") as client:
            next(iterate(CountedProject, list_projects.sync, client=client), None)
    else:
        email = email or typer.prompt("Email")
        password = ask_secret("Password")
        tokens = create_session(
            url, email, password, lambda: str(typer.prompt("Code of your app, or a recovery code"))
        )
        credentials = Credentials(url, access=tokens.access, refresh=tokens.refresh)
    print(f"logged in; kept in {save_credentials(credentials)}")


@app.command()
def logout() -> None:
    """End the session and forget it. An API token stays valid."""
    login = load_login()
    if not login.token:
        _end_session(login.url)
    delete_credentials()
    print("logged out")


def _end_session(url: str) -> None:
    with resume(url, CredentialStore()) as client:
        try:
            log_out.sync_detailed(client=client)
        except ApiError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:  # it has ended already
                raise


@app.command()
def projects(as_json: AsJson = False) -> None:
    """List the projects that you are a member of."""
    with open_client() as client:
        found = list(iterate(CountedProject, list_projects.sync, client=client))
    if as_json:
        print_json(found)
    else:
        rows = [[each.key, each.name, each.my_role, str(each.tasks_count)] for each in found]
        print_table(["Key", "Name", "Role", "Tasks"], rows)


@app.command("list")
def list_command(
    project: Annotated[str, typer.Option("--project", "-p", help="A key, name or id.")] = "",
    status: Annotated[list[TaskStatusFilter] | None, typer.Option("--status", "-s")] = None,
    priority: Annotated[list[TaskPriority] | None, typer.Option()] = None,
    assigned_to: Annotated[Assignee | None, typer.Option("--assigned-to", "-a")] = None,
    due: Annotated[list[DueDateFilter] | None, typer.Option()] = None,
    words: Annotated[str, typer.Option("--search", "-q", help="Words of title or text.")] = "",
    order: Annotated[TaskOrdering, typer.Option(help="`-` reverses it.")] = TaskOrdering.DUE_DATE,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List tasks: the open ones, unless --status says otherwise."""
    with open_client() as client:
        found = iterate(
            TaskCard,
            list_tasks.sync,
            client=client,
            project=[find_project(client, project)] if project else UNSET,
            status=status or [TaskStatusFilter.OPEN],
            priority=priority or UNSET,
            assigned_to=[assigned_to.value] if assigned_to else UNSET,
            due=due or UNSET,
            q=words or UNSET,
            ordering=order,
            limit=min(limit, 100),
        )
        tasks = [task for task, _ in zip(found, range(limit), strict=False)]
    if as_json:
        print_json(tasks)
    else:
        rows = [
            [each.key, each.title, each.status, each.priority, each.due_date or ""]
            for each in tasks
        ]
        print_table(["Key", "Title", "Status", "Priority", "Due"], rows)


@app.command()
def add(
    title: Annotated[str, typer.Argument(metavar="TITLE")],
    project: Annotated[str, typer.Option("--project", "-p", help="A key, name or id.")],
    description: Annotated[str, typer.Option("--description", "-d", help="Markdown.")] = "",
    priority: Annotated[TaskPriority, typer.Option()] = TaskPriority.MEDIUM,
    due: Annotated[str, typer.Option(help="A day, such as 2026-12-01, or a time.")] = "",
    as_json: AsJson = False,
) -> None:
    """Add a task to a project."""
    with open_client() as client:
        body = NewTask(
            find_project(client, project),
            title,
            description=description or UNSET,
            priority=priority,
            due_date=due or UNSET,
        )
        task = expect(Task, create_task.sync(client=client, body=body))
    _print_task(task, f"added {task.key}  {task.title}", as_json)


@app.command()
def done(
    task: TaskName,
    force: Annotated[bool, typer.Option("--force", help="Also if open tasks block it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set a task to done."""
    with open_client() as client:
        body = NewStatus(TaskStatus.DONE)
        answer = set_task_status.sync(task, client=client, body=body, force=force)
    changed = expect(Task, answer)
    _print_task(changed, f"done {changed.key}  {changed.title}", as_json)


@app.command()
def show(task: TaskName, as_json: AsJson = False) -> None:
    """Show a task with its description and files."""
    with open_client() as client:
        shown = expect(ExpandedTask, get_task.sync(task, client=client))
        if as_json:
            print_json(shown)
            return
        files = expect(AttachmentPage, list_attachments.sync(shown.id, client=client)).items
    fields = {
        "Key": shown.key,
        "Title": shown.title,
        "Status": shown.status,
        "Priority": shown.priority,
        "Due": shown.due_date or "-",
        "Files": ", ".join(file.filename for file in files) or "-",
    }
    print_fields(fields)
    if shown.description:
        console.print(f"\n{shown.description}", markup=False)


@app.command()
def attach(
    task: TaskName,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)
    ],
    as_json: AsJson = False,
) -> None:
    """Attach files to a task."""
    with open_client() as client:
        attached = [_upload(client, task, path, quiet=as_json) for path in files]
    if as_json:
        print_json(attached)


def _upload(client: TaskManager, task: str, path: Path, *, quiet: bool) -> Attachment:
    """Upload the file, with a progress bar if stdout is a terminal."""
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as progress:
        bar = progress.add_task(path.name.replace("[", r"\["), total=path.stat().st_size)

        def show_progress(sent: int) -> None:
            progress.update(bar, completed=sent)

        attachment = upload_file(client, task, path, on_progress=show_progress)
    if not quiet:
        print(f"attached {attachment.filename}")
    return attachment


def _print_task(task: Task, line: str, as_json: bool) -> None:
    if as_json:
        print_json(task)
    else:
        print(line)
