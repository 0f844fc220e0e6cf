"""The command `task` against the API of the local cloud."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.clients import read_version
from infra.stage import ROOT
from tests.live.client_programs import Run, run_python
from tests.live.support import PASSWORD, ApiUser, Deployment, in_hours

PAGE = ROOT / "docs" / "command-line.md"
NO_KEYRING = "keyring.backends.null.Keyring"
Task = Callable[..., Run]


@pytest.fixture(scope="module")
def ann(deployment: Deployment) -> ApiUser:
    return deployment.new_user("ann").sign_up()


@pytest.fixture(scope="module")
def project(ann: ApiUser) -> str:
    return str(ann.request_json("POST", "/projects/", {"name": "Launch", "key": "LAUNCH"})["id"])


@pytest.fixture(scope="module")
def api_token(ann: ApiUser) -> str:
    scopes = ["projects:read", "tasks:read", "tasks:write"]
    body = {"name": "command line", "scopes": scopes, "expires_at": in_hours(24)}
    return str(ann.request_json("POST", "/auth/tokens/", body)["token"])


@pytest.fixture
def task(tmp_path: Path, ann: ApiUser) -> Task:
    """Run `task` with an empty home folder: `task("list", stdin="...", TASK_URL="...")`."""
    home = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "TASK_URL": ann.api_url.removesuffix("/api"),
        "PYTHON_KEYRING_BACKEND": NO_KEYRING,
        "TEST_KEYRING": str(tmp_path / "keyring.json"),
        "COLUMNS": "100",
    }

    def run(*arguments: str, stdin: str = "", **variables: str) -> Run:
        return run_python("-m", "task_cli", *arguments, stdin=stdin, **(home | variables))

    return run


@pytest.fixture
def as_ann(task: Task, api_token: str, project: str) -> Task:
    """Run `task` with an API token in the environment."""

    def run(*arguments: str, **variables: str) -> Run:
        return task(*arguments, **{"TASK_TOKEN": api_token, **variables})

    return run


def _log_in(task: Task, ann: ApiUser, **variables: str) -> Run:
    return task("login", "--email", ann.email, stdin=f"{PASSWORD}\n", **variables)


def test_a_task_is_added_listed_shown_and_done(as_ann: Task, project: str) -> None:
    added = as_ann("add", "Write [the] plan", "-p", "launch", "--due", "2026-12-01", "-d", "*Soon*")
    key = added.output.split()[1]
    assert added.output == f"added {key}  Write [the] plan\n"

    listed = as_ann("list", "--project", "Launch", "--order", "-created_at")
    assert [line.split() for line in listed.lines[:2]] == [
        ["Key", "Title", "Status", "Priority", "Due"],
        [key, "Write", "[the]", "plan", "todo", "medium", "2026-12-01"],
    ]
    shown = as_ann("show", key)
    assert shown.lines[:2] == [f"Key       {key}", "Title     Write [the] plan"]
    assert shown.lines[-1] == "*Soon*"

    assert as_ann("done", key).output == f"done {key}  Write [the] plan\n"
    assert json.loads(as_ann("show", key, "--json").output)["status"] == "done"
    assert key not in as_ann("list", "-p", "LAUNCH").output
    finished = json.loads(as_ann("list", "-s", "done", "-p", project, "--json").output)
    assert key in [each["key"] for each in finished]


def test_a_file_is_attached_with_a_progress_bar(as_ann: Task, tmp_path: Path) -> None:
    key = as_ann("add", "x", "-p", "LAUNCH").output.split()[1]
    file = tmp_path / "notes.txt"
    file.write_bytes(b"x" * 200_000)
    attached = as_ann("attach", key, str(file), FORCE_COLOR="1")
    assert "200.0/200.0 kB" in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", attached.output)
    assert attached.output.endswith("attached notes.txt\n")
    assert as_ann("attach", key, str(file)).output == "attached notes.txt\n"
    assert "Files     notes.txt, notes.txt" in as_ann("show", key).output


def test_a_login_is_kept_in_a_file_that_only_its_owner_reads(
    task: Task, ann: ApiUser, tmp_path: Path
) -> None:
    login = _log_in(task, ann)
    file = tmp_path / "task-manager" / "login.json"
    assert login.output.splitlines()[-1].endswith(f"logged in; kept in {file}")
    assert file.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in file.read_text()
    assert task("projects", TASK_URL="").code == 0

    kept = json.loads(file.read_text())
    kept["secret"]["access"] = "expired"
    file.write_text(json.dumps(kept))
    assert task("projects").code == 0
    renewed = json.loads(file.read_text())["secret"]
    assert renewed["access"] != "expired"
    assert renewed["refresh"] != kept["secret"]["refresh"]

    assert task("logout").output == "logged out\n"
    assert not file.exists()
    after = task("projects")
    assert (after.code, after.output) == (3, "")
    assert "run `task login`" in after.errors


def test_a_login_asks_for_the_second_factor(task: Task, deployment: Deployment) -> None:
    user = deployment.new_user("dora").sign_up()
    app = user.set_up_second_factor()

    def log_in(code: str) -> Run:
        return task("login", "--email", user.email, stdin=f"{PASSWORD}\n{code}\n")

    wrong = log_in("123456")
    assert (wrong.code, "code: is wrong" in wrong.errors) == (1, True)
    recovery_code = app.recovery_codes[0]
    assert log_in(recovery_code).code == 0
    assert task("projects", TASK_URL="").code == 0
    again = log_in(recovery_code)
    assert (again.code, "recovery_code: is wrong" in again.errors) == (1, True)


@pytest.mark.proof
def test_a_login_is_kept_in_the_keyring(task: Task, ann: ApiUser, tmp_path: Path) -> None:
    keyring: Any = {"PYTHON_KEYRING_BACKEND": "tests.live.file_keyring.Keyring"}
    assert "kept in keyring" in _log_in(task, ann, **keyring).output
    kept = json.loads((tmp_path / "task-manager" / "login.json").read_text())
    assert list(kept) == ["url"]
    assert task("projects", **keyring).code == 0
    assert task("logout", **keyring).code == 0
    assert json.loads((tmp_path / "keyring.json").read_text()) == {}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["list", "--status", "later"], 2, "'later' is not one of"),
        (["done", "LAUNCH-9999"], 4, "error: "),
        (["add", "x", "-p", "nothing"], 4, "error: you have no project 'nothing'"),
        (["add", " ", "-p", "LAUNCH"], 1, "\n  title: "),
        (["attach", "LAUNCH-1", "missing.txt"], 2, "'missing.txt' does not exist"),
    ],
)
def test_a_failure_is_a_line_and_an_exit_code(
    as_ann: Task, arguments: list[str], code: int, message: str
) -> None:
    failed = as_ann(*arguments)
    assert (failed.code, failed.output) == (code, "")
    assert message in failed.errors
    assert "Traceback" not in failed.errors


@pytest.mark.proof
def test_an_api_that_does_not_respond_and_a_wrong_token_have_their_codes(as_ann: Task) -> None:
    assert as_ann("projects", TASK_TOKEN="wrong").code == 3
    unreachable = as_ann("add", "x", "-p", "x", TASK_URL="http://127.0.0.1:9")
    assert unreachable.code == 5
    assert unreachable.errors.startswith("error: the API does not respond")


@pytest.mark.proof
def test_the_version_is_shown(task: Task) -> None:
    assert task("--version").output == f"{read_version()}\n"


@pytest.mark.proof
def test_the_help_page_shows_the_help_of_each_command(task: Task) -> None:
    shown = re.findall(r"^\$ task([^\n]*?) --help\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    commands = re.findall(r"^  ([a-z]+) ", dict(shown)[""].partition("Commands:")[2], re.M)
    assert {command.strip() for command, _ in shown} == {"", *commands}
    for command, text in shown:
        printed = task(*command.split(), "--help", TASK_URL="").output
        assert re.sub(r"[ \n]+$", "", printed, flags=re.M) == re.sub(r"\s+$", "", text, flags=re.M)
