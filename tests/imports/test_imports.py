"""Imports: announce, upload, dry run, import, and what is refused."""

import re
from typing import Any

import pytest

from chalicelib.imports.formats.records import PROBLEMS
from infra.stage import ROOT
from tests.counter_checks import count_drift
from tests.import_files import (
    announce,
    find_codes,
    list_tasks,
    run_import,
    start_import,
    todoist_file,
    upload,
)
from tests.job_results import download_job_file, list_job_keys, parse_csv, read_job, run_streamed
from tests.support import Person, error_locations, mails_to

FILE = todoist_file(
    "task,Plan,,1,1,,bob (2)",
    "task,Dates @urgent,,4,2,,nobody (3),soon",
    "note,Well done,,,,ann (1)",
)


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project()
    ann.add_member(project, bob)
    return project


def test_an_import_creates_the_tasks_of_its_file_in_a_project(
    ann: Person, bob: Person, project: str
) -> None:
    state = run_import(ann, "todoist_csv", FILE, project=project)
    assert (state["status"], state["progress"], state["project"]) == ("done", 100, project)
    assert state["report"]["tasks"] == 2
    plan, dates = list_tasks(ann, project)
    assert (plan["title"], plan["priority"], plan["assigned_to"]) == ("Plan", "high", bob.id)
    assert (dates["title"], dates["parent"], dates["comments_count"]) == ("Dates", plan["id"], 1)
    assert (plan["key"], dates["key"]) == ("LAUN-1", "LAUN-2")
    assert plan["created_by"] == ann.id
    labels = ann.get(f"/api/projects/{project}/labels").json_body["items"]
    assert [(each["name"], [each["id"]]) for each in labels] == [("urgent", dates["labels"])]
    assert count_drift() == 0
    assert [key for key in list_job_keys() if key.startswith("SLOT#")] == []


def test_an_import_mails_nobody(ann: Person, bob: Person, project: str) -> None:
    run_import(ann, "todoist_csv", FILE, project=project)
    assert list(mails_to(bob, "Assigned")) == []


def test_a_dry_run_reports_the_problems_of_each_line_and_creates_nothing(
    ann: Person, project: str
) -> None:
    state = run_import(ann, "todoist_csv", FILE, project=project, dry_run=True)
    assert (state["status"], state["dry_run"]) == ("done", True)
    assert find_codes(state) == [
        (3, "due_date", "date_invalid"),
        (3, "assigned_to", "person_unknown"),
    ]
    assert (state["report"]["tasks"], state["report"]["new_labels"]) == (2, 1)
    assert state["report"]["problems"][0]["value"] == "soon"
    assert list_tasks(ann, project) == []
    assert ann.get(f"/api/projects/{project}/labels").json_body["items"] == []


def test_all_problems_are_in_a_file(ann: Person, project: str) -> None:
    lines = (f"task,Task {number},,,,,,=soon" for number in range(150))
    state = run_import(ann, "todoist_csv", todoist_file(*lines), project=project, dry_run=True)
    report = state["report"]
    assert (report["problems_count"], len(report["problems"])) == (150, 100)
    path = f"/api/imports/{state['id']}"
    rows = parse_csv(download_job_file(ann, path, "problems.csv"))
    assert [row["line"] for row in rows] == [str(number) for number in range(2, 152)]
    assert rows[0]["value"] == "'=soon", "the value would be a formula"


def test_of_very_many_problems_the_first_ones_are_in_the_file(ann: Person, project: str) -> None:
    file = "title,assignees\n" + f'T,"{"x," * 60_000}"\n' * 2
    state = run_import(ann, "github_csv", file, project=project, dry_run=True)
    assert (state["report"]["tasks"], state["report"]["problems_count"]) == (2, 120_000)
    rows = parse_csv(download_job_file(ann, f"/api/imports/{state['id']}", "problems.csv"))
    assert len(rows) == 100_000


def test_an_import_creates_at_most_2000_labels(ann: Person, project: str) -> None:
    tasks = (range(first, first + 20) for first in range(0, 2_020, 20))
    lines = ("task,T " + " ".join(f"@l{number}" for number in numbers) for numbers in tasks)
    state = run_import(ann, "todoist_csv", todoist_file(*lines), project=project, dry_run=True)
    assert (state["report"]["tasks"], state["report"]["new_labels"]) == (101, 2_000)
    assert find_codes(state) == [(102, "labels", "too_many_labels")] * 20


def test_an_import_creates_a_new_project(ann: Person) -> None:
    state = run_import(ann, "todoist_csv", FILE, name="Moved", key="MOV")
    project = ann.get(f"/api/projects/{state['project']}").json_body
    assert (project["name"], project["key"], project["tasks_count"]) == ("Moved", "MOV", 2)


def test_a_dry_run_for_a_new_project_creates_no_project(ann: Person) -> None:
    state = run_import(ann, "todoist_csv", FILE, name="Moved", dry_run=True)
    assert (state["project"], state["report"]["tasks"]) == (None, 2)
    assert ann.get("/api/projects").json_body["items"] == []


def test_the_import_waits_for_its_file(ann: Person, project: str) -> None:
    announced = announce(ann, "todoist_csv", FILE, project=project)
    path = f"/api/imports/{announced['id']}"
    assert announced["upload"]["fields"]["key"] == f"results/{announced['id']}/upload"
    assert read_job(ann, path)["status"] == "uploading"
    for body in (None, FILE + b" "):
        if body is not None:
            upload(announced["id"], body)
        answer = ann.post(f"{path}/start")
        assert (answer.status_code, answer.json_body["code"]) == (409, "upload_missing")
    upload(announced["id"], FILE)
    assert ann.post(f"{path}/start").json_body["status"] == "waiting"


def test_an_import_starts_once(ann: Person, project: str) -> None:
    path = start_import(ann, "todoist_csv", FILE, project=project)
    assert ann.post(f"{path}/start").json_body["status"] == "waiting"
    run_streamed(path)
    assert ann.post(f"{path}/start").json_body["status"] == "done"
    run_streamed(path)
    assert len(list_tasks(ann, project)) == 2


def test_the_same_idempotency_key_makes_one_import(ann: Person, project: str) -> None:
    body = {"format": "todoist_csv", "size": len(FILE), "project": project}
    headers = {"Idempotency-Key": "once"}
    first, again = (ann.post("/api/imports", body, headers=headers).json_body for _ in range(2))
    assert first["id"] == again["id"]
    upload(first["id"], FILE)
    ann.post(f"/api/imports/{first['id']}/start")
    answer = ann.post("/api/imports", body, headers=headers)
    assert (answer.status_code, answer.json_body["code"]) == (409, "upload_over")


def test_a_second_import_into_the_project_waits(ann: Person, bob: Person, project: str) -> None:
    first = start_import(ann, "todoist_csv", FILE, project=project)
    second = announce(ann, "todoist_csv", FILE, project=project)
    upload(second["id"], FILE)
    answer = ann.post(f"/api/imports/{second['id']}/start")
    assert (answer.status_code, answer.json_body["code"]) == (409, "busy")
    run_streamed(first)
    assert ann.post(f"/api/imports/{second['id']}/start").status_code == 202
    start_import(bob, "todoist_csv", FILE, project=project)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"size": 25_000_001, "name": "x"}, ["size"]),
        ({"size": 0, "name": "x"}, ["size"]),
        ({}, ["project"]),
        ({"name": "x", "time_zone": "Mars/Base"}, ["time_zone"]),
        ({"name": "x", "key": "low"}, ["key"]),
        ({"format": "xml", "name": ""}, ["format", "name"]),
    ],
)
def test_bad_fields_are_named(ann: Person, fields: dict[str, Any], wrong: list[str]) -> None:
    answer = ann.post("/api/imports", {"format": "todoist_csv", "size": 5, **fields})
    assert (answer.status_code, error_locations(answer)) == (422, wrong)


def test_project_and_name_exclude_each_other(ann: Person, project: str) -> None:
    body = {"format": "todoist_csv", "size": 5, "project": project, "name": "x", "key": "KEY"}
    assert error_locations(ann.post("/api/imports", body)) == ["project"]


def test_only_the_requester_sees_an_import(ann: Person, bob: Person, project: str) -> None:
    path = start_import(ann, "todoist_csv", FILE, project=project)
    assert bob.get(path).status_code == 404
    assert bob.post(f"{path}/start").status_code == 404


def test_a_viewer_cannot_import(ann: Person, bob: Person, project: str) -> None:
    path = start_import(bob, "todoist_csv", FILE, project=project)
    ann.patch(f"/api/projects/{project}/members/{bob.id}", {"role": "viewer"})
    body = {"format": "todoist_csv", "size": 5, "project": project}
    assert bob.post("/api/imports", body).status_code == 403
    assert bob.get(path).status_code == 403
    run_streamed(path)
    ann.patch(f"/api/projects/{project}/members/{bob.id}", {"role": "member"})
    state = read_job(bob, path)
    assert (state["status"], state["reason"]) == ("failed", "access_lost")
    assert list_tasks(ann, project) == []


def test_a_token_needs_the_scope_of_projects_for_a_new_one(ann: Person, project: str) -> None:
    script = ann.use_token("tasks:write")
    body = {"format": "todoist_csv", "size": 5}
    answer = script.post("/api/imports", {**body, "name": "x"})
    assert (answer.status_code, answer.json_body["code"]) == (403, "scope_missing")
    answer = script.post("/api/imports", {**body, "project": project})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("file_format", "body", "code", "line"),
    [
        ("todoist_csv", b"\xff\xfeT\x00", "not_utf8", 1),
        ("todoist_csv", b"Name,Date\nx,y\n", "columns_missing", 1),
        ("todoist_csv", todoist_file('task,"Plan'), "not_csv", 2),
        ("todoist_csv", todoist_file(), "empty_file", 1),
        ("todoist_csv", b"\x89PNG", "not_utf8", 1),
        ("trello_json", FILE, "not_json", 1),
        ("trello_json", b'{"tasks": []}', "other_format", 1),
        ("trello_json", b'{"cards":[' + b"[" * 100_000, "not_json", 1),
        ("trello_json", b'{"lists":[],"cards":[' + b"0," * 100_000 + b"0]}", "too_many_lines", 1),
        ("project_json", b'{"cards": [], "lists": []}', "other_format", 1),
        ("project_json", b'"' + b"x" * 10, "not_json", 1),
        ("asana_csv", FILE, "columns_missing", 1),
        ("github_csv", FILE, "columns_missing", 1),
    ],
)
def test_a_wrong_file_fails_with_the_reason(
    ann: Person, project: str, file_format: str, body: bytes, code: str, line: int
) -> None:
    state = run_import(ann, file_format, body, project=project)
    assert (state["status"], state["reason"]) == ("failed", "unreadable_file")
    assert find_codes(state) == [(line, "file", code)]
    assert state["report"]["problems"][0]["effect"] == "failed"
    assert list_tasks(ann, project) == []


def test_every_problem_is_documented_and_translated() -> None:
    section = (ROOT / "docs" / "api.md").read_text().partition("\n## Imports\n")[2]
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", section.partition("\n## ")[0], re.M)
    effects = {code: effect for code, (effect, _) in PROBLEMS.items()}
    assert dict(rows) == {"code": "effect", **effects}
    texts = (ROOT / "web" / "src" / "features" / "imports" / "texts.ts").read_text()
    german = texts.partition("const IMPORT_PROBLEMS")[2].partition("};")[0]
    assert set(re.findall(r"^  (\w+):", german, re.M)) == PROBLEMS.keys()
