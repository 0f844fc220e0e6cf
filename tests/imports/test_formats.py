"""Tasks from the files of each product, which have the columns and members of real ones."""

import json
import time
from typing import Any

import pytest

from chalicelib.clock import now
from tests.counter_checks import count_drift
from tests.import_files import find_codes, list_tasks, run_import, todoist_file, trello_file
from tests.support import Person


def _by_title(person: Person, state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    assert state["status"] == "done", state
    assert count_drift() == 0
    return {task["title"]: task for task in list_tasks(person, state["project"])}


def _label_names(person: Person, project: str) -> dict[str, str]:
    items = person.get(f"/api/projects/{project}/labels").json_body["items"]
    return {label["id"]: label["name"] for label in items}


def _find_labels(person: Person, task: dict[str, Any]) -> list[str]:
    names = _label_names(person, task["project"])
    return [names[label] for label in task["labels"]]


def test_sections_of_todoist_become_statuses_or_labels(ann: Person) -> None:
    file = todoist_file(
        "meta,view_style=board",
        "task,First @home,A description,4,1,ann (1),,2026-12-24,en,Europe/Berlin",
        ",,",
        "section,In progress",
        "task,Second,,2,1,,,2026-12-24 18:00,en,Europe/Berlin",
        "section,Ideas",
        'task,"=HYPERLINK(""http://x"")",,,1',
        "section,Done",
        "task,Last,,1,1,,,24 Dec 2026 at 6pm,en,",
    )
    state = run_import(ann, "todoist_csv", file, name="Home", time_zone="America/New_York")
    tasks = _by_title(ann, state)
    assert find_codes(state) == []
    assert (tasks["First"]["description"], tasks["First"]["priority"]) == ("A description", "low")
    assert _find_labels(ann, tasks["First"]) == ["home"]
    assert tasks["First"]["due_date"] == "2026-12-24"
    assert (tasks["Second"]["status"], tasks["Second"]["labels"]) == ("in_progress", [])
    assert tasks["Second"]["due_date"] == "2026-12-24T18:00:00+01:00"
    formula = tasks['=HYPERLINK("http://x")']
    assert (formula["status"], _find_labels(ann, formula)) == ("todo", ["Ideas"])
    assert (tasks["Last"]["status"], tasks["Last"]["priority"]) == ("done", "high")
    assert tasks["Last"]["due_date"] == "2026-12-24T18:00:00-05:00"
    assert tasks["Last"]["completed_at"] is not None


def test_indented_tasks_of_todoist_are_subtasks_of_three_levels(ann: Person) -> None:
    lines = ("task,A,,,1", "task,B,,,2", "task,C,,,3", "task,D,,,4", "task,E,,,2", "task,F,,,4")
    state = run_import(ann, "todoist_csv", todoist_file(*lines), name="Home")
    tasks = _by_title(ann, state)
    titles = {task["id"]: task["title"] for task in tasks.values()}
    parents = {title: titles.get(task["parent"]) for title, task in tasks.items()}
    assert parents == {"A": None, "B": "A", "C": "B", "D": "B", "E": "A", "F": "E"}
    assert find_codes(state) == [(5, "parent", "too_deep")]


@pytest.mark.parametrize(
    ("text", "rule", "repeat_from"),
    [
        ("every day", "FREQ=DAILY", "due_date"),
        ("Every! 2 weeks", "FREQ=WEEKLY;INTERVAL=2", "completed_at"),
        ("every mon, thu at 9am", "FREQ=WEEKLY;BYDAY=MO,TH", "due_date"),
        ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "due_date"),
        ("every other month", "FREQ=MONTHLY;INTERVAL=2", "due_date"),
        ("every 15th", "FREQ=MONTHLY;BYMONTHDAY=15", "due_date"),
        ("every last day", "FREQ=MONTHLY;BYMONTHDAY=-1", "due_date"),
        ("every jan 15", "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=15", "due_date"),
        ("daily at 17:30", "FREQ=DAILY", "due_date"),
        ("every week until 2030-01-31", "FREQ=WEEKLY;UNTIL=20300131", "due_date"),
    ],
)
def test_repetitions_with_one_meaning_become_rules(
    ann: Person, text: str, rule: str, repeat_from: str
) -> None:
    file = todoist_file(f'task,Water,,,1,,,"{text}",en,Europe/Berlin')
    state = run_import(ann, "todoist_csv", file, name="Home")
    task = _by_title(ann, state)["Water"]
    assert (task["rrule"], task["repeat_from"]) == (rule, repeat_from)
    assert task["due_date"][:10] >= now().date().isoformat()
    assert ("T" in task["due_date"]) == ("at" in text.split())


@pytest.mark.parametrize(
    ("text", "language", "field"),
    [
        ("every full moon", "en", "rrule"),
        ("jeden Tag", "de", "rrule"),
        ("every 32nd", "en", "rrule"),
        ("3/4/2026", "en", "due_date"),
        ("2026-02-30", "en", "due_date"),
        ("tomorrow", "en", "due_date"),
        ("0001-01-01 at 00:00", "en", "due_date"),
        ("every mon starting 0001-01-01", "en", "rrule"),
        ("every day at 00:00 starting 0001-01-01", "en", "rrule"),
    ],
)
def test_other_dates_are_reported(ann: Person, text: str, language: str, field: str) -> None:
    file = todoist_file(f"task,Water,,,1,,,{text},{language},Europe/Berlin")
    state = run_import(ann, "todoist_csv", file, name="Home")
    ((line, found, _),) = find_codes(state)
    assert (line, found) == (2, field)
    assert state["report"]["problems"][0]["value"] == text
    assert _by_title(ann, state)["Water"]["due_date"] is None


def test_lines_of_todoist_without_a_place_are_reported(ann: Person) -> None:
    lines = ("note,About nothing", "task, ", "goal,x", "task,A,,9", "note,[[file {}]]")
    state = run_import(ann, "todoist_csv", todoist_file(*lines), name="Home")
    assert find_codes(state) == [
        (2, "comments", "comment_without_task"),
        (3, "title", "title_missing"),
        (4, "file", "type_unknown"),
        (5, "priority", "priority_unknown"),
        (6, "comments", "attachments_left_out"),
    ]
    assert state["report"]["skipped"] == 3
    assert list(_by_title(ann, state)) == ["A"]


def test_an_indent_that_no_file_has_is_none(ann: Person) -> None:
    file = todoist_file("task,A", f"task,B,,,{'9' * 5_000}", "task,C,,,\u00b2")
    tasks = _by_title(ann, run_import(ann, "todoist_csv", file, name="Home"))
    assert [tasks[title]["parent"] for title in "ABC"] == [None, None, None]


def test_a_note_of_half_files_is_read_in_a_moment(ann: Person) -> None:
    note = "[[file {" * 15_000
    started = time.monotonic()
    state = run_import(ann, "todoist_csv", todoist_file("task,A", f"note,{note}"), name="Home")
    assert find_codes(state) == [(2, "comments", "text_cut")]
    assert time.monotonic() - started < 5


BOARD = trello_file(
    desc="About the launch",
    lists=[
        {"id": "l2", "name": "Doing", "closed": False, "pos": 2},
        {"id": "l1", "name": "Ideas", "closed": False, "pos": 1},
    ],
    members=[{"id": "m1", "username": "bob"}, {"id": "m2", "username": "stranger"}],
    cards=[
        {
            "id": "c1",
            "name": "Write",
            "desc": "All\nof it",
            "idList": "l2",
            "pos": 2,
            "due": "2026-12-24T10:00:00.000Z",
            "start": "2026-12-20T10:00:00.000Z",
            "idMembers": ["m2", "m1"],
            "labels": [{"name": "Text", "color": "sky"}, {"name": "", "color": "red"}],
            "attachments": [{"name": "x.png"}],
        },
        {"id": "c2", "name": "Think", "idList": "l1", "pos": 5, "dueComplete": True},
        {"id": "c3", "name": "Old", "idList": "l1", "pos": 1, "closed": True},
        {"id": "c4", "name": None},
    ],
    checklists=[
        {
            "idCard": "c1",
            "name": "Parts",
            "pos": 1,
            "checkItems": [
                {"id": "i2", "name": "End", "state": "incomplete", "pos": 2},
                {"id": "i1", "name": "Start", "state": "complete", "pos": 1},
            ],
        }
    ],
    actions=[
        {
            "type": "commentCard",
            "date": "2026-03-02T10:00:00.000Z",
            "data": {"text": "Second", "card": {"id": "c1"}},
            "memberCreator": {"username": "bob"},
        },
        {
            "type": "commentCard",
            "date": "2026-03-01T10:00:00.000Z",
            "data": {"text": "First", "card": {"id": "c1"}},
            "memberCreator": {"username": "ann"},
        },
        {"type": "updateCard", "data": {"card": {"id": "c1"}}},
    ],
)


def test_a_board_of_trello(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    state = run_import(ann, "trello_json", BOARD, project=project)
    tasks = _by_title(ann, state)
    assert list(tasks) == ["Think", "Write", "Start", "End", "Old"]
    write, old = tasks["Write"], tasks["Old"]
    assert (write["status"], write["assigned_to"]) == ("in_progress", bob.id)
    assert (write["due_date"], write["description"]) == ("2026-12-24T10:00:00.000Z", "All\nof it")
    assert _find_labels(ann, write) == ["Text", "red"]
    assert (tasks["Start"]["status"], tasks["Start"]["parent"]) == ("done", write["id"])
    assert (tasks["End"]["status"], write["subtasks_count"]) == ("todo", 2)
    assert (tasks["Think"]["status"], _find_labels(ann, tasks["Think"])) == ("done", ["Ideas"])
    assert (old["status"], _find_labels(ann, old)) == ("done", ["Ideas", "archived"])
    comments = ann.get(f"/api/tasks/{write['id']}/comments").json_body["items"]
    assert [(each["body"], each["author"]) for each in comments] == [
        ("First", ann.id),
        ("From bob:\n\nSecond", ann.id),
    ]
    assert comments[0]["created_at"] == "2026-03-01T10:00:00.000Z"
    assert find_codes(state) == [
        (1, "attachments", "attachments_left_out"),
        (1, "assigned_to", "person_unknown"),
        (4, "file", "line_invalid"),
    ]
    colors = ann.get(f"/api/projects/{project}/labels").json_body["items"]
    assert {each["name"]: each["color"] for each in colors}["Text"] == "#6cc3e0"


def test_a_new_project_gets_the_description_of_the_board(ann: Person) -> None:
    state = run_import(ann, "trello_json", BOARD, name="Launch")
    project = ann.get(f"/api/projects/{state['project']}").json_body
    assert project["description"] == "About the launch"


def test_a_project_of_asana(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    columns = (
        "Task ID,Created At,Completed At,Last Modified,Name,Section/Column,Assignee,Assignee Email,"
        "Start Date,Due Date,Tags,Notes,Projects,Parent task,Blocked By (Dependencies)"
    )
    file = "\ufeff" + "\r\n".join(
        (
            columns,
            "11,2026-01-02,2026-01-05,2026-01-06,Plan,Later,Bob,BOB@example.com,"
            '2026-01-03,2026-01-04,"a, b","Two\nlines",P,,',
            "12,2026-01-02,,2026-01-06,Draft,To do,,,,12/24/2026,,,P,Plan,",
            "13,2026-01-02,,2026-01-06,Send,Doing,,,,,,,P,,Draft",
            "14,2026-01-02,,2026-01-06,Late,,,,,,,,P,Nowhere,Nothing",
        )
    )
    state = run_import(ann, "asana_csv", file, project=project, time_zone="UTC")
    tasks = _by_title(ann, state)
    plan = tasks["Plan"]
    assert (plan["status"], plan["completed_at"]) == ("done", "2026-01-05T00:00:00.000Z")
    assert (plan["assigned_to"], plan["start_date"]) == (bob.id, "2026-01-03")
    assert (plan["description"], _find_labels(ann, plan)) == ("Two\nlines", ["a", "b", "Later"])
    assert (tasks["Draft"]["parent"], tasks["Send"]["status"]) == (plan["id"], "in_progress")
    relations = ann.get(f"/api/tasks/{tasks['Send']['id']}/relations").json_body["items"]
    assert [(each["kind"], each["task"]["title"]) for each in relations] == [
        ("blocked_by", "Draft")
    ]
    assert find_codes(state) == [
        (4, "due_date", "date_invalid"),
        (6, "relations", "relation_left_out"),
        (6, "parent", "parent_unknown"),
    ]


def test_a_parent_of_asana_is_the_nearest_above_or_else_the_last_below(ann: Person) -> None:
    rows = (("1", "A", "Twice"), ("2", "Twice", ""), ("3", "B", "Twice"), ("4", "Twice", ""))
    lines = (f"{number},{title},{parent}" for number, title, parent in (*rows, ("5", "C", "Twice")))
    file = "\n".join(("Task ID,Name,Parent task", *lines, "6,Own,Own"))
    state = run_import(ann, "asana_csv", file, name="P")
    tasks = dict(enumerate(list_tasks(ann, state["project"]), 1))
    parents = {number: task["parent"] for number, task in tasks.items() if task["parent"]}
    assert parents == {1: tasks[4]["id"], 3: tasks[2]["id"], 5: tasks[4]["id"]}
    assert find_codes(state) == [
        (2, "parent", "parent_ambiguous"),
        (6, "parent", "parent_ambiguous"),
        (7, "parent", "parent_unknown"),
    ]


def test_a_file_whose_subtasks_all_lack_their_parent_is_read_in_a_moment(ann: Person) -> None:
    lines = (f"{number},T{number},Missing {number}" for number in range(40_000))
    file = "\n".join(("Task ID,Name,Parent task", *lines)).encode()
    started = time.monotonic()
    state = run_import(ann, "asana_csv", file, name="P", dry_run=True)
    assert find_codes(state) == [(1, "file", "too_many_tasks")]
    assert time.monotonic() - started < 20


def test_issues_of_github(ann: Person) -> None:
    file = (
        "number;title;body;state;labels;assignee;milestone;created_at;closed_at\n"
        '7;"Fix ""it""";Steps;CLOSED;bug,ui;ann;v1;2026-01-01T00:00:00Z;2026-02-01T00:00:00Z\n'
        "8;Add;;open;;octocat;;2026-01-01T00:00:00Z;\n"
        "9;Odd;;stale;;;;;\n"
    )
    state = run_import(ann, "github_csv", file, name="Repo")
    tasks = _by_title(ann, state)
    fix = tasks['Fix "it"']
    assert (fix["status"], fix["assigned_to"], fix["description"]) == ("done", ann.id, "Steps")
    assert fix["completed_at"] == "2026-02-01T00:00:00.000Z"
    assert _find_labels(ann, fix) == ["bug", "ui", "v1"]
    assert find_codes(state) == [
        (3, "assigned_to", "person_unknown"),
        (4, "status", "status_unknown"),
    ]


def test_texts_that_do_not_fit_are_changed_and_reported(ann: Person) -> None:
    labels = " ".join(f"@l{number}" for number in range(22))
    long = "word " * 50
    file = todoist_file(
        f"task,{long}",
        f"task,Many {labels} @{'x' * 51}",
        f'task,Text,"{"ä" * 10_001}\x07"',
    )
    state = run_import(ann, "todoist_csv", file, name="Home")
    tasks = list_tasks(ann, state["project"])
    assert len(tasks[0]["title"]) <= 200
    assert tasks[0]["description"] == long.strip()
    assert len(tasks[1]["labels"]) == 20
    assert len(tasks[2]["description"]) == 10_000
    assert find_codes(state) == [
        (2, "title", "title_cut"),
        (3, "labels", "too_many_labels"),
        (3, "labels", "too_many_labels"),
        (3, "labels", "label_too_long"),
        (4, "description", "text_cleaned"),
        (4, "description", "text_cut"),
    ]


def test_labels_of_the_project_are_used_whatever_their_case(ann: Person) -> None:
    project = ann.create_project()
    path = f"/api/projects/{project}/labels"
    label = ann.post(path, {"name": "Urgent", "color": "#c02020"}).json_body["id"]
    state = run_import(ann, "todoist_csv", todoist_file("task,A @URGENT"), project=project)
    assert state["report"]["new_labels"] == 0
    assert _by_title(ann, state)["A"]["labels"] == [label]


def test_a_cycle_of_parents_is_cut(ann: Person) -> None:
    tasks = [{"id": "a", "title": "A", "parent": "b"}, {"id": "b", "title": "B", "parent": "a"}]
    file = json.dumps({"project": {}, "tasks": tasks})
    found = _by_title(ann, run_import(ann, "project_json", file, name="Odd"))
    assert sorted(task["parent"] is None for task in found.values()) == [False, True]


def test_a_task_gets_at_most_25_relations_and_the_others_are_reported(ann: Person) -> None:
    others = [{"id": f"b{number:02}", "title": f"B{number}"} for number in range(27)]
    related = [{"kind": "blocks", "task": other["id"]} for other in others]
    tasks = [{"id": "a", "title": "A", "relations": related}, *others]
    file = json.dumps({"project": {}, "tasks": tasks})
    state = run_import(ann, "project_json", file, name="Odd")
    assert state["report"]["relations"] == 25
    assert find_codes(state) == [(1, "relations", "relation_left_out")] * 2
    path = f"/api/tasks/{_by_title(ann, state)['A']['id']}/relations"
    assert len(ann.get(path).json_body["items"]) == 25
