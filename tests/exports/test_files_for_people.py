"""The files for people: names and keys beside ids, times in their zone, and the workbook."""

import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest

from chalicelib.clock import now
from chalicelib.dynamodb.timestamps import parse_timestamp
from chalicelib.jobs.models import advance_job, claim_job, release_job
from tests.attachment_files import upload_attachment
from tests.job_results import download_job_file, parse_csv, read_job, request_job, run_sweep
from tests.support import Person

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
Row = dict[str, str]


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project("Launch")
    ann.add_member(project, bob)
    bob.patch("/api/auth/profile", {"display_name": "Bob B."})
    return project


def _export(person: Person, project: str, body: Any = None) -> str:
    answer = person.post(f"/api/projects/{project}/exports", body)
    assert answer.status_code == 202, answer.json_body
    run_sweep()
    return str(answer.headers["location"].rstrip("/"))


class Workbook:
    """A workbook as a spreadsheet reads it."""

    def __init__(self, content: bytes) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(content))
        names = self._parse("xl/workbook.xml").iter(f"{MAIN}sheet")
        self.sheets = [sheet.attrib["name"] for sheet in names]

    def _parse(self, name: str) -> ElementTree.Element:
        return ElementTree.fromstring(self._archive.read(name))

    def _sheet(self, name: str) -> ElementTree.Element:
        return self._parse(f"xl/worksheets/sheet{self.sheets.index(name) + 1}.xml")

    def rows(self, name: str) -> list[Row]:
        """Return the lines of a sheet by heading. A number or time is the number in the file."""
        first, *others = self._sheet(name).iter(f"{MAIN}row")
        headings = {_column(cell): _text(cell) for cell in first}
        return [{headings[_column(cell)]: _text(cell) for cell in row} for row in others]

    def formulas(self, name: str) -> list[ElementTree.Element]:
        return list(self._sheet(name).iter(f"{MAIN}f"))

    def view(self, name: str) -> tuple[str, str]:
        """Return the first cell below the frozen rows, and the range of the filter."""
        (pane,), (chosen,) = (
            self._sheet(name).iter(f"{MAIN}{tag}") for tag in ("pane", "autoFilter")
        )
        return pane.attrib["topLeftCell"], chosen.attrib["ref"]

    def links(self, name: str) -> Row:
        """Return the address of each cell with a link."""
        number = self.sheets.index(name) + 1
        relations = self._parse(f"xl/worksheets/_rels/sheet{number}.xml.rels")
        targets = {each.attrib["Id"]: each.attrib["Target"] for each in relations}
        found = self._sheet(name).iter(f"{MAIN}hyperlink")
        return {link.attrib["ref"]: targets[link.attrib[LINK]] for link in found}


def _column(cell: ElementTree.Element) -> str:
    return cell.attrib["r"].rstrip("0123456789")


def _text(cell: ElementTree.Element) -> str:
    return "".join(cell.itertext())


def test_csv_files_have_keys_names_and_links_beside_ids(
    ann: Person, bob: Person, project: str
) -> None:
    label = ann.post(f"/api/projects/{project}/labels", {"name": "urgent"}).json_body["id"]
    plan = ann.create_task(project, "Plan", labels=[label], assigned_to=bob.id)
    part = ann.create_task(project, "Part", parent=plan["id"])
    upload_attachment(bob, plan["id"], filename="a.txt")
    bob.post(f"/api/tasks/{plan['id']}/comments", {"body": "Fine"})
    export = _export(ann, project)
    first, second = parse_csv(download_job_file(ann, export, "tasks.csv"))
    link = f"https://app.example.com/tasks/{plan['id']}"
    assert (
        second
        | {
            "key": plan["key"],
            "link": link,
            "project": project,
            "project_name": "Launch",
            "assigned_to": bob.id,
            "assigned_to_name": "Bob B.",
            "created_by": ann.id,
            "created_by_name": "ann",
            "labels": label,
            "label_names": "urgent",
            "parent_key": "",
        }
        == second
    )
    assert (first["key"], first["parent"], first["parent_key"]) == (
        part["key"],
        plan["id"],
        plan["key"],
    )
    (comment,) = parse_csv(download_job_file(ann, export, "comments.csv"))
    assert (comment["task_key"], comment["author_name"], comment["link"]) == (
        plan["key"],
        "Bob B.",
        link,
    )
    (file,) = parse_csv(download_job_file(ann, export, "attachments.csv"))
    assert (file["task_key"], file["uploaded_by_name"], file["link"]) == (
        plan["key"],
        "Bob B.",
        link,
    )


def test_names_of_labels_and_people_are_no_formulas(ann: Person, bob: Person, project: str) -> None:
    bob.patch("/api/auth/profile", {"display_name": "=1+1"})
    label = ann.post(f"/api/projects/{project}/labels", {"name": "@SUM(A1)"}).json_body["id"]
    ann.create_task(project, "=2", assigned_to=bob.id, labels=[label])
    export = _export(ann, project)
    (line,) = parse_csv(download_job_file(ann, export, "tasks.csv"))
    assert (line["assigned_to_name"], line["label_names"]) == ("'=1+1", "'@SUM(A1)")
    workbook = Workbook(download_job_file(ann, export, "tasks.xlsx"))
    (row,) = workbook.rows("Tasks")
    assert (row["Title"], row["Assigned to"], row["Labels"]) == ("=2", "=1+1", "@SUM(A1)")
    assert workbook.formulas("Tasks") == []


def test_times_are_in_the_zone_of_the_requester(ann: Person, project: str) -> None:
    ann.patch("/api/auth/profile", {"time_zone": "Asia/Tokyo"})
    task = ann.create_task(
        project, "a", start_date="2026-11-30", due_date="2026-12-01T17:00:00+01:00"
    )
    export = _export(ann, project)
    (line,) = parse_csv(download_job_file(ann, export, "tasks.csv"))
    assert (line["start_date"], line["due_date"]) == ("2026-11-30", "2026-12-02 01:00:00")
    created = parse_timestamp(line["created_at"].replace(" ", "T") + ".000Z")
    ahead = created - parse_timestamp(task["created_at"])
    assert round(ahead.total_seconds() / 3600) == 9
    (row,) = Workbook(download_job_file(ann, export, "tasks.xlsx")).rows("Tasks")
    assert row["Start (Asia/Tokyo)"] == "46356"
    assert float(row["Due (Asia/Tokyo)"]) == pytest.approx(46358 + 1 / 24)


@pytest.mark.parametrize("due_date", ["9999-12-31T23:00:00Z", "0001-01-01T00:30:00Z"])
def test_the_ends_of_the_calendar_are_exported(ann: Person, project: str, due_date: str) -> None:
    ann.patch("/api/auth/profile", {"time_zone": "Asia/Tokyo"})
    ann.create_task(project, "a", due_date=due_date)
    export = _export(ann, project)
    (line,) = parse_csv(download_job_file(ann, export, "tasks.csv"))
    assert line["due_date"].startswith(due_date[:10])
    assert len(Workbook(download_job_file(ann, export, "tasks.xlsx")).rows("Tasks")) == 1


def test_the_workbook_has_a_sheet_each_for_tasks_comments_and_attachments(
    ann: Person, bob: Person, project: str
) -> None:
    plan = ann.create_task(project, "Plan <&> 😀", description="a\nb", assigned_to=bob.id)
    upload_attachment(bob, plan["id"], filename="a.txt")
    bob.post(f"/api/tasks/{plan['id']}/comments", {"body": "Fine"})
    workbook = Workbook(download_job_file(ann, _export(ann, project), "tasks.xlsx"))
    assert workbook.sheets == ["Tasks", "Comments", "Attachments"]
    (task,) = workbook.rows("Tasks")
    assert (
        task
        | {
            "Key": plan["key"],
            "Title": "Plan <&> 😀",
            "Status": "todo",
            "Assigned to": "Bob B.",
            "Description": "a\nb",
            "Id": plan["id"],
        }
        == task
    )
    assert "Due (UTC)" not in task
    (comment,) = workbook.rows("Comments")
    assert (comment["Task"], comment["Author"], comment["Comment"]) == (
        plan["key"],
        "Bob B.",
        "Fine",
    )
    (file,) = workbook.rows("Attachments")
    assert (file["Task"], file["File"], int(file["Bytes"])) == (plan["key"], "a.txt", 5)
    for sheet in workbook.sheets:
        assert workbook.links(sheet) == {"A2": f"https://app.example.com/tasks/{plan['id']}"}
    assert workbook.view("Tasks") == ("A2", "A1:P2")


def test_the_workbook_has_the_tasks_of_all_pages(ann: Person, project: str) -> None:
    for start in range(0, 250, 100):
        operations = [
            {"op": "create", "project": project, "title": f"Task {number}"}
            for number in range(start, min(start + 100, 250))
        ]
        ann.post("/api/tasks/bulk", {"operations": operations})
    export = _export(ann, project)
    rows = Workbook(download_job_file(ann, export, "tasks.xlsx")).rows("Tasks")
    assert [row["Title"] for row in rows] == [
        line["title"] for line in parse_csv(download_job_file(ann, export, "tasks.csv"))
    ]
    assert len(rows) == 250


def test_the_intermediate_file_is_not_part_of_the_export(ann: Person, project: str) -> None:
    export = _export(ann, project)
    assert not [name for name in _names(ann, export) if name.startswith(".")]
    assert ann.get(f"{export}/download?file=.rows.jsonl").status_code == 404


def _names(person: Person, export: str) -> list[str]:
    return [file["name"] for file in read_job(person, export)["files"]]


def test_an_account_export_has_the_same_columns_and_a_workbook(
    ann: Person, bob: Person, project: str
) -> None:
    task = ann.create_task(project, "for bob", assigned_to=bob.id)
    own = bob.create_task(bob.create_project("Own"), "his own")
    export = request_job(bob, "/api/auth/profile/exports")
    run_sweep()
    lines = parse_csv(download_job_file(bob, export, "tasks.csv"))
    assert {(line["key"], line["project_name"], line["assigned_to_name"]) for line in lines} == {
        (task["key"], "Launch", "Bob B."),
        (own["key"], "Own", ""),
    }
    rows = Workbook(download_job_file(bob, export, "tasks.xlsx")).rows("Tasks")
    assert {row["Key"] for row in rows} == {task["key"], own["key"]}


@pytest.mark.parametrize("path", ["/api/projects/{}/exports", "/api/auth/profile/exports"])
def test_an_export_that_an_earlier_version_started_begins_again(
    ann: Person, project: str, path: str
) -> None:
    ann.create_task(project, "a")
    export = request_job(ann, path.format(project))
    job = claim_job(export.rpartition("/")[2], now())
    assert job is not None
    position = {"project": project, "after": {"end": True}, "start": None, "written": 0}
    advance_job(job, position, {"tasks.csv": {"size": 9, "draft": "1-0"}})
    release_job(job)
    assert run_sweep()["done"] == 1
    (line,) = parse_csv(download_job_file(ann, export, "tasks.csv"))
    assert line["title"] == "a"
