"""Every function works with its own policy alone, which the local cloud enforces.

Emails are left out, because the local cloud knows no resource for SendRawEmail, and dead letters,
because the policy of their queue requires TLS.
"""

import base64

import pytest
import requests
from websockets.exceptions import ConnectionClosed

from tests.import_files import todoist_file
from tests.live.support import PASSWORD, ApiUser, Deployment, in_hours, load_event, wait_for
from tests.live.test_imports import run_import
from tests.live.test_live_connections import live_connection, take_events
from tests.webhook_receiver import run_receiver


def test_the_policy_of_the_api_allows_what_its_routes_need(strict_deployment: Deployment) -> None:
    ann, bob = (
        strict_deployment.new_user("ann").sign_up(),
        strict_deployment.new_user("bob").sign_up(),
    )
    login = ann.request_json("POST", "/auth/login/", {"email": ann.email, "password": PASSWORD})
    ann.request_json("POST", "/auth/refresh/", {"refresh": login["refresh"]})
    ann.request_json("PATCH", "/auth/profile/", {"username": f"{ann.name}-2"})
    token = {"name": "x", "scopes": ["tasks:read"], "expires_at": in_hours(1)}
    token = ann.request_json("POST", "/auth/tokens/", token)
    ann.request_json("DELETE", f"/auth/tokens/{token['id']}/")
    project = ann.request_json("POST", "/projects/", {"name": "x"})["id"]
    ann.request_json("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    due = {"assigned_to": bob.id, "due_date": in_hours(9)}
    task = ann.request_json("POST", "/tasks/", {"project": project, "title": "x", **due})["id"]
    ann.request_json("PATCH", f"/tasks/{task}/", {"status": "done"})
    wait_for(lambda: len(ann.request_json("GET", f"/tasks/{task}/activity/")["items"]) == 2)
    comment = ann.request_json("POST", f"/tasks/{task}/comments/", {"body": "x"})["id"]
    ann.request_json("DELETE", f"/tasks/{task}/comments/{comment}/")
    assert bob.request_json("GET", "/tasks/?assigned_to=me")["items"]
    assert bob.request_json("GET", f"/tasks/?project={project}&status=done")["items"]
    _upload_and_delete_files(ann, task)
    _upload_avatar(ann)
    strict_deployment.make_staff(ann)
    assert ann.request_json("GET", "/admin/mails/")["items"] is not None
    ann.request_json("POST", "/auth/logout/")


def test_a_filtered_list_is_read_from_the_list_snapshot(strict_deployment: Deployment) -> None:
    ann = strict_deployment.new_user("ann").sign_up()
    project = ann.request_json("POST", "/projects/", {"name": "x"})["id"]
    task = {"op": "create", "project": project, "title": "x"}
    operations = [task | {"status": status} for status in 35 * ("todo", "done")]
    ann.request_json("POST", "/tasks/bulk/", {"operations": operations})
    where = {"Bucket": strict_deployment.outputs["bucket"], "Prefix": f"catalogue/1/{project}"}
    wait_for(lambda: strict_deployment.client("s3").list_objects_v2(**where)["KeyCount"])
    path = f"/tasks/?project={project}&status=done&ordering=-updated_at&limit=100"
    assert len(ann.request_json("GET", path)["items"]) == 35


def test_the_policies_allow_an_import(strict_deployment: Deployment) -> None:
    ann = strict_deployment.new_user("ann").sign_up()
    file = todoist_file("task,Plan @urgent,,1,1,,,soon", "note,Well done")
    state = run_import(ann, "todoist_csv", file, name="Moved")
    assert (state["status"], state["report"]["tasks"]) == ("done", 1)
    link = ann.request_json("GET", f"/imports/{state['id']}/download/?file=problems.csv")
    assert requests.get(link["url"], timeout=60).ok


def test_the_policies_of_the_jobs_allow_what_they_need(strict_deployment: Deployment) -> None:
    for function, event in (
        ("CleanUp", "clean_up"),
        ("RepairCounters", "repair_counters"),
        ("Tick", "tick"),
        ("SweepMail", "sweep_mail"),
        ("SendReminders", "send_reminders"),
    ):
        name = strict_deployment.outputs["functions"][function]
        answer = strict_deployment.client("lambda").invoke(
            FunctionName=name, Payload=load_event(event)
        )
        assert "FunctionError" not in answer, answer["Payload"].read()


def _upload_and_delete_files(ann: ApiUser, task: str) -> None:
    """Upload a file that the event of S3 completes, refused files and a part; delete them all."""
    attachment, _ = ann.upload_file(task, "a.txt", "text/plain", b"bytes")
    path = f"/tasks/{task}/attachments"
    wait_for(lambda: ann.request_json("GET", path + "/")["items"][0]["status"] == "ready")
    assert ann.download_file(task, attachment["id"]).content == b"bytes"
    small = {"filename": "b", "content_type": "text/plain", "size": 1}
    announced = ann.request_json("POST", path + "/", small)
    missing, form = announced["attachment"], announced["upload"]
    # The signature does not match a policy that differs in one byte.
    changed = base64.b64decode(form["fields"]["policy"]).replace(
        b'"expiration": "2', b'"expiration": "3'
    )
    fields = form["fields"] | {"policy": base64.b64encode(changed).decode()}
    refused = requests.post(form["url"], data=fields, files={"file": b"x"}, timeout=60)
    assert refused.status_code == 403 and "SignatureDoesNotMatch" in refused.text
    answer = ann.call("POST", f"{path}/{missing['id']}/complete/")
    assert answer.json()["code"] == "upload_missing"
    large = {"filename": "c", "content_type": "text/plain", "size": 101 * 1024 * 1024}
    parts = ann.request_json("POST", path + "/", large)["attachment"]["id"]
    (part,) = ann.request_json("POST", f"{path}/{parts}/parts/", {"numbers": [13]})["items"]
    assert requests.put(part["url"], data=bytes(part["size"]), timeout=60).ok
    assert len(ann.request_json("GET", f"{path}/{parts}/parts/")["items"]) == 1
    for attachment_id in (attachment["id"], missing["id"], parts):
        ann.request_json("DELETE", f"{path}/{attachment_id}/")


def _upload_avatar(ann: ApiUser) -> None:
    image = b"\x89PNG\r\n\x1a\n" + bytes(9)
    announcement = {"content_type": "image/png", "size": len(image)}
    announced = ann.request_json("POST", "/auth/profile/avatar/", announcement)
    form, files = announced["upload"], {"file": ("me.png", image, "image/png")}
    assert requests.post(form["url"], data=form["fields"], files=files, timeout=60).ok
    ann.request_json("POST", f"/auth/profile/avatar/{announced['id']}/complete/")


def test_the_policies_of_live_connections_allow_what_they_need(
    strict_deployment: Deployment,
) -> None:
    ann, bob = (strict_deployment.new_user(name).sign_up() for name in ("ann", "bob"))
    project = str(ann.request_json("POST", "/projects/", {"name": "x"})["id"])
    ann.request_json("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    with live_connection(bob, project) as socket:
        ann.request_json("POST", "/tasks/", {"project": project, "title": "x"})
        assert take_events(socket, 1)
        bob.request_json("POST", "/auth/logout/")
        ann.request_json("POST", "/tasks/", {"project": project, "title": "x"})
        with pytest.raises(ConnectionClosed):
            take_events(socket, 100)


def test_the_policies_of_webhooks_allow_what_they_need(strict_deployment: Deployment) -> None:
    ann = strict_deployment.new_user("ann").sign_up()
    project = str(ann.request_json("POST", "/projects/", {"name": "x"})["id"])
    with run_receiver() as receiver:
        body = {"url": receiver.url, "events": ["task.created", "task.changed"]}
        hook = ann.request_json("POST", f"/projects/{project}/webhooks/", body)
        path = f"/projects/{project}/webhooks/{hook['id']}/"
        receiver.answer_with(204, 410)
        ann.request_json("POST", "/tasks/", {"project": project, "title": "x"})
        wait_for(lambda: receiver.requests)
        ann.request_json("POST", "/tasks/", {"project": project, "title": "x"})
        wait_for(lambda: ann.request_json("GET", path)["disabled_reason"] == "gone")
        ann.request_json("DELETE", path)
