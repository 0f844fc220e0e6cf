"""Responses with one object have an ETag and can be revalidated; no other response is cached."""

import re
from typing import get_origin
from urllib.parse import urlencode

import pytest
from msgspec import Struct

from app import app
from chalicelib import settings
from chalicelib.activity.schemas import Changes
from chalicelib.aws.s3 import Download
from chalicelib.dead_letters.schemas import DeadLetters
from chalicelib.http.fields import Page
from chalicelib.http.health import Health, Index
from infra.openapi.routes import Route, list_routes
from tests.attachment_files import create_attachment, upload_attachment
from tests.import_files import announce
from tests.samples import build_sample
from tests.support import Api, Person

# Not lists, but not cacheable either: signed URLs, and the current state of something.
NOT_CACHED = {Changes, DeadLetters, Download, Health, Index}
READS = [route for route in list_routes(app) if route.method == "GET"]


def _is_single(route: Route) -> bool:
    if route.media.startswith("text/calendar"):
        return True
    kind = get_origin(route.returns) or route.returns
    if not (isinstance(kind, type) and issubclass(kind, Struct)):
        return False
    return kind not in NOT_CACHED and not issubclass(kind, Page)


SINGLE = [route for route in READS if _is_single(route)]
PUBLIC = [route for route in READS if "schema" in route.path]
OTHERS = [route for route in READS if route not in (*SINGLE, *PUBLIC)]


@pytest.fixture
def ids(ann: Person) -> dict[str, str]:
    """Return one object of each kind by path parameter, some only for one path."""
    project = ann.create_project()
    task = ann.create_task(project)["id"]
    label = ann.post(f"/api/projects/{project}/labels", {"name": "x"}).json_body
    comment = ann.post(f"/api/tasks/{task}/comments", {"body": "x"}).json_body
    target = {"kind": "blocks", "task": ann.create_task(project)["id"]}
    relation = ann.post(f"/api/tasks/{task}/relations", target).json_body
    own = ann.post("/api/auth/profile/exports").json_body
    feed = ann.post("/api/calendar-feeds", {"name": "x"}).json_body
    hook = {"url": "https://hooks.example.com/", "events": ["task.created"]}
    large = create_attachment(ann, task, size=settings.UPLOAD_FORM_MAX_BYTES + 1)
    return {
        "address": feed["url"].rpartition("/")[2],
        "project_id": project,
        "task_id": task,
        "label_id": label["id"],
        "webhook_id": ann.post(f"/api/projects/{project}/webhooks", hook).json_body["id"],
        "view_id": ann.post("/api/views", {"name": "x", "filter": {}}).json_body["id"],
        "comment_id": comment["id"],
        "relation_id": relation["id"],
        "attachment_id": upload_attachment(ann, task)["id"],
        "attachment_id of /api/tasks/{task_id}/attachments/{attachment_id}/parts": large["id"],
        "export_id": ann.post(f"/api/projects/{project}/exports").json_body["id"],
        "export_id of /api/auth/profile/exports/{export_id}": own["id"],
        "report_id": ann.post(f"/api/projects/{project}/reports", {}).json_body["id"],
        "import_id": announce(ann, "todoist_csv", b"x", project=project)["id"],
        "copy_id": ann.post(f"/api/projects/{project}/duplicate", {"name": "x"}).json_body["id"],
    }


def _path(route: Route, ids: dict[str, str]) -> str:
    def named(parameter: re.Match[str]) -> str:
        return ids.get(f"{parameter[1]} of {route.path}") or ids[parameter[1]]

    query = urlencode(build_sample(route.query, ids)) if route.query else ""
    return f"{re.sub('{(.+?)}', named, route.path)}?{query}".rstrip("?")


def test_every_read_of_one_object_is_a_304_the_second_time(
    ann: Person, ids: dict[str, str]
) -> None:
    for route in SINGLE:
        path = _path(route, ids)
        first = ann.get(path)
        assert (first.status_code, first.headers["cache-control"]) == (200, "private, no-cache")
        again = ann.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.body) == (304, b""), route.name
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == first.headers["cache-control"]
        other = ann.get(path, headers={"If-None-Match": '"1-0000000000000000"'})
        assert (other.status_code, other.body) == (200, first.body)


def test_public_documents_are_a_304_the_second_time(anonymous: Api) -> None:
    for route in PUBLIC:
        first = anonymous.get(route.path.replace("{name}", "swagger-start.js"))
        kept = "max-age=86400" if "{name}" in route.path else "no-cache"
        assert first.headers["cache-control"] == f"public, {kept}"
        headers = {"If-None-Match": f"W/{first.headers['etag']}"}
        assert (
            anonymous.get(_path(route, {"name": "swagger-start.js"}), headers=headers).status_code
            == 304
        )


def test_other_responses_are_not_cached(ann: Person, ids: dict[str, str]) -> None:
    for route in OTHERS:
        answer = ann.get(_path(route, ids))
        assert answer.headers["cache-control"] == "no-store", route.name
        assert "etag" not in answer.headers, route.name


def test_every_read_answers_head_with_the_headers_of_get(ann: Person, ids: dict[str, str]) -> None:
    for route in READS:
        path = _path(route, {**ids, "name": "swagger-start.js"})
        get, head = (ann.call(method, path) for method in ("GET", "HEAD"))
        assert head.status_code == get.status_code, route.name
        differ = {"x-request-id", "ratelimit"}
        for name in {*get.headers, *head.headers} - differ:
            assert head.headers[name] == get.headers[name], (route.name, name)


def test_head_of_an_unchanged_object_is_a_304(ann: Person, ids: dict[str, str]) -> None:
    for route in SINGLE:
        path = _path(route, ids)
        known = {"If-None-Match": ann.call("HEAD", path).headers["etag"]}
        assert ann.call("HEAD", path, headers=known).status_code == 304, route.name


def test_a_changed_object_is_sent_again(ann: Person, ids: dict[str, str]) -> None:
    for path, body in (
        ("/api/auth/profile", {"display_name": "New"}),
        (f"/api/tasks/{ids['task_id']}", {"title": "New"}),
        (f"/api/projects/{ids['project_id']}", {"name": "New"}),
    ):
        known = {"If-None-Match": ann.get(path).headers["etag"]}
        ann.patch(path, body)
        assert ann.get(path, headers=known).status_code == 200


def test_the_etag_of_reminders_works_in_if_match(ann: Person, ids: dict[str, str]) -> None:
    path = f"/api/tasks/{ids['task_id']}/reminders"
    known = {"If-Match": ann.get(path).headers["etag"]}
    body = {"reminders": [{"minutes_before": 60}]}
    assert ann.put(path, body, headers=known).status_code == 200
    assert ann.put(path, {"reminders": []}, headers=known).status_code == 412
