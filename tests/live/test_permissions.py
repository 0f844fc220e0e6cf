"""Every function does its work with the rights of its own policy and no others: the local cloud
enforces them here. (It knows no resource for SendRawEmail, so mail is left out.)"""

import base64

import requests

from tests.live.support import PASSWORD, Deployed, Visitor, eventually, in_hours, sample


def test_the_api_may_do_what_its_routes_need(strict: Deployed) -> None:
    ann, bob = strict.visitor("ann").signs_up(), strict.visitor("bob").signs_up()
    login = ann.must("POST", "/auth/login/", {"email": ann.email, "password": PASSWORD})
    ann.must("POST", "/auth/refresh/", {"refresh": login["refresh"]})
    ann.must("PATCH", "/auth/profile/", {"username": f"{ann.name}-2"})
    token = {"name": "x", "scopes": ["tasks:read"], "expires_at": in_hours(1)}
    made = ann.must("POST", "/auth/tokens/", token)
    ann.must("DELETE", f"/auth/tokens/{made['id']}/")
    project = ann.must("POST", "/projects/", {"name": "x"})["id"]
    ann.must("POST", f"/projects/{project}/members/", {"user_id": bob.id})
    due = {"assigned_to": bob.id, "due_date": in_hours(9)}
    task = ann.must("POST", "/tasks/", {"project": project, "title": "x", **due})["id"]
    ann.must("PATCH", f"/tasks/{task}/", {"status": "done"})
    eventually(lambda: len(ann.must("GET", f"/tasks/{task}/activity/")["items"]) == 2)
    comment = ann.must("POST", f"/tasks/{task}/comments/", {"body": "x"})["id"]
    ann.must("DELETE", f"/tasks/{task}/comments/{comment}/")
    assert bob.must("GET", "/tasks/?assigned_to=me")["items"]
    assert bob.must("GET", f"/tasks/?project={project}&status=done")["items"]
    _upload(ann, task)
    _show(ann)
    ann.must("POST", "/auth/logout/")


def test_a_list_is_chosen_from_what_the_stream_has_written(strict: Deployed) -> None:
    ann = strict.visitor("ann").signs_up()
    project = ann.must("POST", "/projects/", {"name": "x"})["id"]
    task = {"op": "create", "project": project, "title": "x"}
    operations = [task | {"status": status} for status in 35 * ("todo", "done")]
    ann.must("POST", "/tasks/bulk/", {"operations": operations})
    place = {"Bucket": strict.outputs["bucket"], "Prefix": f"catalogue/1/{project}"}
    eventually(lambda: strict.client("s3").list_objects_v2(**place)["KeyCount"])
    chosen = f"/tasks/?project={project}&status=done&ordering=-updated_at&limit=100"
    assert len(ann.must("GET", chosen)["items"]) == 35


def test_jobs_may_do_what_they_need(strict: Deployed) -> None:
    for function, event in (
        ("CleanUp", "clean_up"),
        ("RepairCounters", "repair_counters"),
        ("Tick", "tick"),
        ("SweepMail", "sweep_mail"),
        ("SendReminders", "send_reminders"),
    ):
        name = strict.outputs["functions"][function]
        answer = strict.client("lambda").invoke(FunctionName=name, Payload=sample(event))
        assert "FunctionError" not in answer, answer["Payload"].read()


def _upload(ann: Visitor, task: str) -> None:
    """Confirmed by the storage's event alone, then downloaded."""
    attachment, _ = ann.uploads(task, "a.txt", "text/plain", b"bytes")
    path = f"/tasks/{task}/attachments"
    eventually(lambda: ann.must("GET", path + "/")["items"][0]["status"] == "ready")
    assert ann.downloads(task, attachment["id"]).content == b"bytes"
    small = {"filename": "b", "content_type": "text/plain", "size": 1}
    announced = ann.must("POST", path + "/", small)
    missing, form = announced["attachment"], announced["upload"]
    # A policy changed by one byte is not the one that was signed.
    later = base64.b64decode(form["fields"]["policy"]).replace(
        b'"expiration": "2', b'"expiration": "3'
    )
    fields = form["fields"] | {"policy": base64.b64encode(later).decode()}
    refused = requests.post(form["url"], data=fields, files={"file": b"x"}, timeout=60)
    assert refused.status_code == 403 and "SignatureDoesNotMatch" in refused.text
    answer = ann.call("POST", f"{path}/{missing['id']}/complete/")
    assert answer.json()["code"] == "upload_missing"
    large = {"filename": "c", "content_type": "text/plain", "size": 101 * 1024 * 1024}
    parts = ann.must("POST", path + "/", large)["attachment"]["id"]
    (part,) = ann.must("POST", f"{path}/{parts}/parts/", {"numbers": [13]})["items"]
    assert requests.put(part["url"], data=bytes(part["size"]), timeout=60).ok
    assert len(ann.must("GET", f"{path}/{parts}/parts/")["items"]) == 1
    for gone in (attachment["id"], missing["id"], parts):
        ann.must("DELETE", f"{path}/{gone}/")


def _show(ann: Visitor) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(9)
    kind = {"content_type": "image/png", "size": len(picture)}
    announced = ann.must("POST", "/auth/profile/avatar/", kind)
    form, files = announced["upload"], {"file": ("me.png", picture, "image/png")}
    assert requests.post(form["url"], data=form["fields"], files=files, timeout=60).ok
    ann.must("POST", f"/auth/profile/avatar/{announced['id']}/complete/")
