"""The command `task` when its login, the network or an answer is not as it should be: one clear
sentence on stderr and an exit code."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live.client_programs import Run, build_python_command, run_python
from tests.live.scripted_api import Answer, run_scripted_api

pytestmark = pytest.mark.proof

LOGIN = {"access": "a", "refresh": "r"}
URL = "https://tasks.example.com"
KEYRINGS = "tests.live.file_keyring"
SESSION_IS_OVER = Answer(401, {"code": "unauthenticated", "detail": "Log in first"})
PROJECTS, REFRESH, LOGOUT = "GET /api/projects", "POST /api/auth/refresh", "POST /api/auth/logout"
PROJECT = {
    "id": "p",
    "name": "A " + "very long " * 30 + "name",
    "key": "LONG",
    "my_role": "owner",
    "description": "",
    "owner": "u",
    "members_count": 1,
    "is_template": False,
    "archived_at": None,
    "deleted_at": None,
    "created_at": "2026-11-22T09:00:00.000Z",
    "updated_at": "2026-11-22T09:00:00.000Z",
    "version": 1,
    "tasks_count": 7,
    "tasks_by_status": {},
}
Task = Callable[..., Run]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The variables of a home folder without a login and without a keyring."""
    return {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "TEST_KEYRING": str(tmp_path / "keyring.json"),
    }


@pytest.fixture
def task(home: dict[str, str]) -> Task:
    """Run `task`: `task("list", stdin="...", TASK_URL="...")`."""

    def run(*arguments: str, stdin: str = "", **variables: str) -> Run:
        return run_python("-m", "task_cli", *arguments, stdin=stdin, **(home | variables))

    return run


def keep_login(home: dict[str, str], content: Any) -> Path:
    """Write the file of the last login, JSON or any text, and return its path."""
    file = Path(home["HOME"]) / "task-manager" / "login.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def is_one_line(run: Run, code: int, *words: str) -> bool:
    """Return whether the program ended with `code` and one line with `words` on stderr."""
    assert (run.code, run.output) == (code, ""), run
    assert run.errors.startswith("error: ") and run.errors.count("\n") == 1, run.errors
    return all(word in run.errors for word in words)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"url": 5}', {"url": URL, "secret": "x"}, {"url": URL, "secret": {"x": "y"}}],
)
def test_a_damaged_login_is_said_and_replaced(
    task: Task, home: dict[str, str], content: Any
) -> None:
    keep_login(home, content)
    assert is_one_line(task("projects"), 3, "is damaged", "run `task login`")
    with run_scripted_api({PROJECTS: [Answer(body={"items": [], "next_cursor": None})]}) as api:
        login = task("login", "--with-token", "--url", f"{api.url}/api/", stdin="secret\n")
        assert (login.code, login.errors) == (0, "")
        assert task("projects").code == 0


def test_a_login_whose_keyring_is_gone_or_locked(task: Task, home: dict[str, str]) -> None:
    keep_login(home, {"url": URL})
    assert is_one_line(task("projects"), 3, "the keyring has no login any more")
    locked = task("projects", PYTHON_KEYRING_BACKEND=f"{KEYRINGS}.LockedKeyring")
    assert is_one_line(locked, 3, "the keyring cannot be read", "it is locked")


def test_a_damaged_secret_in_the_keyring(task: Task, home: dict[str, str]) -> None:
    keep_login(home, {"url": URL})
    Path(home["TEST_KEYRING"]).write_text(json.dumps({f"task-manager {URL}": "no JSON"}))
    damaged = task("projects", PYTHON_KEYRING_BACKEND=f"{KEYRINGS}.Keyring")
    assert is_one_line(damaged, 3, "the stored login is damaged")


def test_a_login_is_kept_in_a_file_while_the_keyring_is_locked(task: Task) -> None:
    locked = {"PYTHON_KEYRING_BACKEND": f"{KEYRINGS}.LockedKeyring"}
    with run_scripted_api({PROJECTS: [Answer(body={"items": [], "next_cursor": None})]}) as api:
        login = task("login", "--with-token", "--url", api.url, stdin="secret\n", **locked)
        assert login.output.endswith("login.json\n")
        assert task("projects", **locked).code == 0


def test_a_login_for_another_address_is_named(task: Task, home: dict[str, str]) -> None:
    keep_login(home, {"url": URL, "secret": LOGIN})
    other = task("projects", TASK_URL="https://other.example.com/")
    assert is_one_line(other, 3, f"you are logged in to {URL}", "https://other.example.com;")


def test_without_a_login_or_a_secret_on_stdin(task: Task) -> None:
    assert is_one_line(task("projects"), 3, "not logged in")
    assert is_one_line(task("logout"), 3, "not logged in")
    assert is_one_line(task("login", "--with-token", "--url", URL), 1, "API token is missing")


def test_a_session_that_is_over_is_logged_out(task: Task, home: dict[str, str]) -> None:
    with run_scripted_api({LOGOUT: [SESSION_IS_OVER], REFRESH: [SESSION_IS_OVER]}) as api:
        file = keep_login(home, {"url": api.url, "secret": LOGIN})
        assert task("logout").output == "logged out\n"
    assert not file.exists()


def test_a_logout_ends_the_session_that_is_kept_whatever_the_environment_has(
    task: Task, home: dict[str, str]
) -> None:
    with run_scripted_api({LOGOUT: [Answer(204)]}) as api:
        keep_login(home, {"url": api.url, "secret": LOGIN})
        assert task("logout", TASK_URL=URL, TASK_TOKEN="another").code == 0
        assert api.requests == [LOGOUT]


def test_a_session_is_refreshed_once(task: Task, home: dict[str, str]) -> None:
    renewed = Answer(body={"access": "a2", "refresh": "r2"})
    with run_scripted_api({PROJECTS: [SESSION_IS_OVER], REFRESH: [renewed]}) as api:
        keep_login(home, {"url": api.url, "secret": LOGIN})
        assert is_one_line(task("projects"), 3, "Log in first (run `task login`)")
        assert api.requests == [PROJECTS, REFRESH, PROJECTS]


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad gateway</html>", [1], None, {"errors": "x"}, {"errors": ["x"]}]
)
def test_a_failure_of_a_proxy_is_its_status(task: Task, body: Any) -> None:
    with run_scripted_api({PROJECTS: [Answer(502, body)]}) as api:
        failed = task("projects", TASK_URL=api.url, TASK_TOKEN="t")
    assert is_one_line(failed, 1, "error: 502 Bad Gateway")


def test_a_page_of_another_service_is_no_answer(task: Task) -> None:
    with run_scripted_api({PROJECTS: [Answer(body=b"<html>Welcome</html>")]}) as api:
        page = task("projects", TASK_URL=api.url, TASK_TOKEN="t")
    assert is_one_line(page, 1, "not that of a Task Manager")


def test_a_redirect_within_the_api_is_followed(task: Task) -> None:
    """The API redirects from the old id of a task that was moved to another project."""
    moved = Answer(308, headers={"Location": "/api/moved"})
    page = Answer(body={"items": [PROJECT], "next_cursor": None})
    with run_scripted_api({PROJECTS: [moved], "GET /api/moved": [page]}) as api:
        listed = task("projects", TASK_URL=api.url, TASK_TOKEN="t")
    assert (listed.code, len(listed.lines)) == (0, 2)


def test_a_redirect_to_another_address_is_named_and_not_followed(task: Task) -> None:
    with run_scripted_api({}) as other:
        elsewhere = Answer(308, headers={"Location": f"{other.url}/api/projects"})
        with run_scripted_api({PROJECTS: [elsewhere]}) as api:
            moved = task("projects", TASK_URL=api.url, TASK_TOKEN="t")
        assert is_one_line(moved, 1, f"redirects to {other.url}")
        assert other.requests == []


def test_ctrl_c_ends_a_command_without_a_traceback(home: dict[str, str]) -> None:
    # A program that a shell runs in the background ignores SIGINT, and so do its children.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from task_cli.main import run; run()"
    )
    command, environment = build_python_command("-c", program, "projects")
    with run_scripted_api({}) as api:
        given = home | {"TASK_URL": api.url, "TASK_TOKEN": "t"}
        process = subprocess.Popen(
            command, env=os.environ | environment | given, stderr=subprocess.PIPE, text=True
        )
        assert api.is_asked.wait(30)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors.strip()) == (130, "")


def test_ctrl_c_while_the_command_is_being_imported(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")
    command, environment = build_python_command("-m", "task_cli", "projects")
    path = f"{tmp_path}{os.pathsep}{environment['PYTHONPATH']}"
    done = subprocess.run(
        command, env=os.environ | home | {"PYTHONPATH": path}, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_in_a_pipe_rows_are_whole_lines_without_colors(task: Task) -> None:
    page = {"items": [PROJECT], "next_cursor": None}
    with run_scripted_api({PROJECTS: [Answer(body=page)]}) as api:
        listed = task(
            "projects", TASK_URL=api.url, TASK_TOKEN="t", COLUMNS="40", TERM="xterm-256color"
        )
    assert (listed.code, len(listed.lines)) == (0, 2)
    assert re.split("  +", listed.lines[1].strip()) == ["LONG", PROJECT["name"], "owner", "7"]
    assert "\x1b" not in listed.output


def test_bash_completes_commands_options_and_values(home: dict[str, str], tmp_path: Path) -> None:
    """The installed completion, as bash calls it when somebody presses the tabulator key."""
    command, environment = build_python_command("-m", "task_cli")
    program = tmp_path / "task"
    program.write_text(f'#!/bin/sh\nexec {" ".join(command)} "$@"\n')
    program.chmod(0o755)
    script = """
        task --install-completion >&2
        . ~/.bashrc
        complete_line() {
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            $(complete -p task | sed 's/.*-F \\([^ ]*\\).*/\\1/') task
            echo "${COMPREPLY[*]}"
        }
        complete_line task do
        complete_line task list --sta
        complete_line task list --status in
    """
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=os.environ | environment | home | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["done", "--status", "in_progress"], done.stderr
