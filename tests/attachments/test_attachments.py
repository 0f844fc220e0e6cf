"""Attachments over the API; what happens to them later is in tests/jobs."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib import settings
from chalicelib.attachments.service import handle_object_created
from chalicelib.aws import clients, s3
from chalicelib.aws.s3_multipart import PART_BYTES
from chalicelib.clock import now
from tests.attachment_files import (
    PNG,
    announce,
    announced,
    arrives,
    exists,
    key_of,
    path_of,
    put,
    uploaded,
    verdict,
)
from tests.support import Person, locations

MIB = 1024 * 1024
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
XML = b'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#x"?><a/>'
PICTURES = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0" + bytes(20),
    "image/gif": b"GIF89a" + bytes(20),
    "image/webp": b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(20),
}


@pytest.fixture
def task(ann: Person) -> str:
    return str(ann.adds_task(ann.starts_project())["id"])


@pytest.fixture
def shared(ann: Person, bob: Person) -> str:
    """A task of a project that bob is a member of."""
    project = ann.starts_project()
    ann.lets_in(project, bob)
    return str(ann.adds_task(project)["id"])


def _link(person: Person, attachment: dict[str, Any], query: str = "") -> dict[str, str]:
    """The parameters of the address that a download gives."""
    url = person.get(path_of(attachment, "/download") + query).json_body["url"]
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


# --- announcing -----------------------------------------------------------------------------------


def test_an_announced_file_is_pending_and_has_a_place(ann: Person, task: str) -> None:
    answer = announce(ann, task)
    attachment = answer.json_body["attachment"]
    assert answer.headers["location"] == path_of(attachment) + "/"
    assert attachment["status"] == "pending" and attachment["uploaded_at"] is None
    assert ann.get(path_of(attachment)).json_body == attachment


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"size": 0}, "size"),
        ({"size": settings.UPLOAD_MAX_BYTES + 1}, "size"),
        ({"size": "5"}, "size"),
        ({"filename": "../etc/passwd"}, "filename"),
        ({"filename": ".."}, "filename"),
        ({"filename": "a\nb"}, "filename"),
        ({"filename": "a.txt\n"}, "filename"),
        ({"content_type": "text/plain\n"}, "content_type"),
        ({"size": 5.5}, "size"),
        ({"filename": "cod\u202egpj.exe"}, "filename"),
        ({"filename": "x" * 256}, "filename"),
        ({"content_type": "anything"}, "content_type"),
        ({"content_type": "text/html; charset=utf-8"}, "content_type"),
        ({"content_type": "video/mp4"}, "content_type"),  # not among the stage's
        ({"sha256": "abc"}, "sha256"),
        ({"sha256": "0" * 64, "size": 7 * MIB}, "sha256"),  # comes in parts
    ],
)
def test_what_must_not_be_uploaded_is_refused(
    ann: Person, task: str, changes: dict[str, Any], place: str
) -> None:
    answer = announce(ann, task, **changes)
    assert (answer.status_code, locations(answer)) == (422, [place])


def test_a_whole_number_may_have_a_point(ann: Person, task: str) -> None:
    """JSON has one kind of number, and so has JavaScript."""
    assert announce(ann, task, size=5.0).json_body["attachment"]["size"] == 5


def test_a_viewer_uploads_nothing(ann: Person, bob: Person) -> None:
    project = ann.starts_project()
    ann.lets_in(project, bob, "viewer")
    task = str(ann.adds_task(project)["id"])
    assert announce(bob, task).status_code == 403
    attachment = uploaded(ann, task)
    assert bob.get(path_of(attachment, "/download")).status_code == 200
    assert bob.call("DELETE", path_of(attachment)).status_code == 403


def test_the_same_key_gets_the_same_attachment_and_a_good_form(ann: Person, task: str) -> None:
    body = {"filename": "a.txt", "content_type": "text/plain", "size": 5}
    path, key = f"/api/tasks/{task}/attachments", {"Idempotency-Key": "k"}
    first, again = (ann.post(path, body, headers=key).json_body for _ in range(2))
    assert first["attachment"] == again["attachment"]
    assert verdict(again["upload"]["url"], again["upload"]["fields"], b"bytes") == "stored"
    ann.call("DELETE", path_of(first["attachment"]))
    over = ann.post(path, body, headers=key)
    assert (over.status_code, over.json_body["code"]) == (409, "upload_over")


# --- the signed form, judged as the storage judges it ---------------------------------------------


@pytest.fixture
def form(ann: Person, task: str) -> dict[str, Any]:
    digest = hashlib.sha256(b"bytes").hexdigest()
    upload: dict[str, Any] = announce(ann, task, sha256=digest).json_body["upload"]
    return upload


def test_the_form_takes_exactly_what_was_announced(form: dict[str, Any]) -> None:
    assert verdict(form["url"], form["fields"], b"bytes") == "stored"
    assert form["url"].startswith(f"https://{settings.BUCKET_NAME}.s3.eu-central-1.amazonaws.com")
    assert "a.txt" not in base64.b64decode(form["fields"]["policy"]).decode()


@pytest.mark.parametrize(
    ("body", "why"),
    [(b"bytes!", "EntityTooLarge"), (b"byte", "EntityTooSmall"), (b"other", "BadDigest")],
)
def test_the_form_takes_no_other_bytes(form: dict[str, Any], body: bytes, why: str) -> None:
    assert verdict(form["url"], form["fields"], body) == why


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "att/other/object"),
        ("key", "att/${filename}"),
        ("Content-Type", "text/html"),
        ("x-amz-checksum-sha256", "AAAA"),
        ("x-amz-date", "20200101T000000Z"),
        ("acl", "public-read"),
        ("x-amz-meta-a", "b"),
    ],
)
def test_no_field_of_the_form_can_be_changed_or_added(
    form: dict[str, Any], field: str, value: str
) -> None:
    fields = form["fields"] | {field: value}
    assert verdict(form["url"], fields, b"bytes").startswith("AccessDenied")


def test_a_changed_policy_is_not_the_signed_one(form: dict[str, Any]) -> None:
    policy = json.loads(base64.b64decode(form["fields"]["policy"]))
    policy["conditions"] = [c for c in policy["conditions"] if "key" not in c]
    changed = base64.b64encode(json.dumps(policy).encode()).decode()
    fields = form["fields"] | {"policy": changed}
    assert verdict(form["url"], fields, b"bytes") == "SignatureDoesNotMatch"
    signed = hmac.new(b"another key", form["fields"]["policy"].encode(), hashlib.sha256).hexdigest()
    fields = form["fields"] | {"x-amz-signature": signed}
    assert verdict(form["url"], fields, b"bytes") == "SignatureDoesNotMatch"


def test_the_form_is_good_for_five_minutes(form: dict[str, Any]) -> None:
    def after(minutes: float) -> str:
        later = datetime.now(UTC) + timedelta(minutes=minutes)
        return verdict(form["url"], form["fields"], b"bytes", now=later)

    assert (after(4.9), after(5.1)) == ("stored", "AccessDenied: expired")


# --- confirming -----------------------------------------------------------------------------------


def test_an_upload_that_arrived_can_be_confirmed_again_and_again(ann: Person, task: str) -> None:
    attachment = announced(ann, task)
    arrives(attachment)
    first, again = (ann.post(path_of(attachment, "/complete")).json_body for _ in range(2))
    assert first == again == ann.get(path_of(attachment)).json_body
    assert first["status"] == "ready" and first["uploaded_at"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [(None, ""), (b"too long", "text/plain"), (b"bytes", "text/html"), (b"other", "text/plain")],
)
def test_what_arrived_otherwise_than_announced_is_not_confirmed(
    ann: Person, task: str, body: bytes | None, kind: str
) -> None:
    attachment = announced(ann, task, sha256=hashlib.sha256(b"bytes").hexdigest())
    if body is not None:
        put(key_of(attachment), body, kind)
    answer = ann.post(path_of(attachment, "/complete"))
    assert (answer.status_code, answer.json_body["code"]) == (409, "upload_missing")
    assert ann.get(path_of(attachment)).json_body["status"] == "pending"


@pytest.mark.parametrize("options", [{}, {"ChecksumAlgorithm": "SHA256"}])
def test_the_digest_is_the_storages_own_or_that_of_the_bytes(
    ann: Person, task: str, options: dict[str, str]
) -> None:
    digest = hashlib.sha256(b"bytes").hexdigest()
    attachment = announced(ann, task, sha256=digest)
    arrives(attachment, **options)
    stored = s3.head_object(key_of(attachment))
    assert stored is not None and (stored.sha256 == digest) == bool(options)
    assert ann.post(path_of(attachment, "/complete")).json_body["sha256"] == digest


# --- what a browser may be shown ------------------------------------------------------------------


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_is_shown_if_its_bytes_say_so(ann: Person, task: str, kind: str) -> None:
    """... whatever its name and announced type."""
    attachment = uploaded(ann, task, PICTURES[kind], filename="x.html", content_type="text/html")
    assert attachment["picture"] == kind
    link = _link(ann, attachment, "?inline=true")
    assert link["response-content-type"] == kind
    assert link["response-content-disposition"] == "inline; filename*=UTF-8''x.html"
    assert _link(ann, attachment)["response-content-type"] == "application/octet-stream"


@pytest.mark.parametrize("query", ["", "?inline=true", "?inline=false"])
@pytest.mark.parametrize(
    ("name", "kind", "body"),
    [
        ("a.html", "text/html", HTML),
        ("a.svg", "image/svg+xml", SVG),
        ("a.xml", "application/xml", XML),
        ("a.xhtml", "application/xhtml+xml", XML),
        ("a.pdf", "application/pdf", b"%PDF-1.7\n"),
        ("a.js", "text/javascript", b"alert(1)"),
        ("a.bmp", "image/bmp", b"BM" + HTML),
        ("a.png", "image/png", HTML),  # lying name and type
        ("a.jpg", "image/jpeg", SVG),
        ("a.gif", "image/gif", b" GIF89a" + HTML),
        ("a.webp", "image/webp", b"RIFF" + HTML),
        ("a.png", "image/png", HTML + PNG),
        ("a.png", "image/png", b"\x89"),
    ],
)
def test_nothing_else_ever_is(
    ann: Person, task: str, name: str, kind: str, body: bytes, query: str
) -> None:
    attachment = uploaded(ann, task, body, filename=name, content_type=kind)
    link = _link(ann, attachment, query)
    assert attachment["picture"] is None
    assert link["response-content-type"] == "application/octet-stream"
    assert link["response-content-disposition"].startswith("attachment;")


@pytest.mark.parametrize("magic", [b"GIF89a", b"\xff\xd8\xff", PNG])
def test_a_polyglot_is_a_picture_and_nothing_else(ann: Person, task: str, magic: bytes) -> None:
    """Served with a picture's type, which no browser takes for a document or a script."""
    attachment = uploaded(ann, task, magic + b"=1;/*" + HTML + b"*/", content_type="text/html")
    assert _link(ann, attachment, "?inline=true")["response-content-type"].startswith("image/")


def test_the_name_is_kept_whatever_it_is(ann: Person, task: str) -> None:
    name = 'Plän "b"; filename=x.html.png'
    attachment = uploaded(ann, task, filename=name)
    disposition = _link(ann, attachment)["response-content-disposition"]
    encoded = "Pl%C3%A4n%20%22b%22%3B%20filename%3Dx.html.png"
    assert disposition == f"attachment; filename*=UTF-8''{encoded}"


def test_an_address_is_good_for_a_minute(ann: Person, task: str) -> None:
    attachment = uploaded(ann, task)
    assert ann.get(path_of(attachment, "/download")).json_body["expires_in"] == 60
    assert _link(ann, attachment)["X-Amz-Expires"] == "60"


# --- who sees what --------------------------------------------------------------------------------


def test_a_pending_upload_is_nobody_elses_business(ann: Person, bob: Person, shared: str) -> None:
    attachment = announced(bob, shared)
    arrives(attachment)
    assert ann.get(f"/api/tasks/{shared}/attachments").json_body["items"] == []
    assert bob.get(f"/api/tasks/{shared}/attachments").json_body["items"] == [attachment]
    for method, verb in (
        ("GET", ""),
        ("GET", "/download"),
        ("GET", "/parts"),
        ("POST", "/complete"),
        ("DELETE", ""),
    ):
        assert ann.call(method, path_of(attachment, verb)).status_code == 404
    assert bob.get(path_of(attachment, "/download")).status_code == 404  # nothing confirmed yet
    bob.post(path_of(attachment, "/complete"))
    assert len(ann.get(f"/api/tasks/{shared}/attachments").json_body["items"]) == 1


def test_an_outsider_gets_nothing(ann: Person, bob: Person, task: str) -> None:
    attachment = uploaded(ann, task)
    for method, verb in (("GET", ""), ("GET", "/download"), ("POST", "/complete"), ("DELETE", "")):
        assert bob.call(method, path_of(attachment, verb)).status_code == 404
    assert bob.get(f"/api/tasks/{task}/attachments").status_code == 404
    assert announce(bob, task).status_code == 404


def test_an_attachment_answers_under_its_own_task_alone(ann: Person, task: str) -> None:
    attachment = uploaded(ann, task)
    other = str(ann.adds_task(task[26:])["id"])
    assert ann.get(path_of(attachment | {"task": other})).status_code == 404
    assert ann.get(f"/api/tasks/{task}/attachments/nonsense").status_code == 404


def test_a_removed_member_gets_no_new_address(ann: Person, bob: Person, shared: str) -> None:
    attachment, pending = uploaded(bob, shared), announced(bob, shared, size=7 * MIB)
    removal = ann.call("DELETE", f"/api/projects/{shared[26:]}/members/{bob.id}")
    assert removal.status_code < 300
    assert bob.get(path_of(attachment, "/download")).status_code == 404
    assert bob.post(path_of(pending, "/parts"), {"numbers": [1]}).status_code == 404
    assert announce(bob, shared).status_code == 404


def test_a_revoked_session_gets_no_new_address(ann: Person, task: str) -> None:
    attachment = uploaded(ann, task)
    ann.post("/api/auth/logout")
    assert ann.get(path_of(attachment, "/download")).status_code == 401
    assert announce(ann, task).status_code == 401


# --- deleting -------------------------------------------------------------------------------------


def test_the_uploader_deletes_and_it_is_gone(ann: Person, bob: Person, shared: str) -> None:
    attachment = uploaded(bob, shared)
    assert bob.call("DELETE", path_of(attachment)).status_code == 204
    assert not exists(key_of(attachment))
    assert bob.get(path_of(attachment)).status_code == 404
    assert bob.call("DELETE", path_of(attachment)).status_code == 404
    assert ann.get(f"/api/tasks/{shared}/attachments").json_body["items"] == []


def test_managers_delete_too_and_other_members_do_not(
    ann: Person, bob: Person, shared: str
) -> None:
    of_ann, of_bob = uploaded(ann, shared), uploaded(bob, shared)
    assert bob.call("DELETE", path_of(of_ann)).status_code == 403
    assert ann.call("DELETE", path_of(of_bob)).status_code == 204
    assert exists(key_of(of_ann))


def test_an_upload_that_was_given_up_cannot_be_confirmed(ann: Person, task: str) -> None:
    attachment = announced(ann, task)
    ann.call("DELETE", path_of(attachment))
    arrives(attachment)
    assert ann.post(path_of(attachment, "/complete")).status_code == 404


# --- room -----------------------------------------------------------------------------------------


def test_a_task_has_room_for_so_much(ann: Person, task: str) -> None:
    first = announced(ann, task, size=20 * MIB)
    announced(ann, task, size=20 * MIB)
    full = announce(ann, task)
    assert (full.status_code, full.json_body["code"]) == (409, "no_room")
    assert "task" in full.json_body["detail"]
    ann.call("DELETE", path_of(first))
    announced(ann, task, size=20 * MIB)


def test_a_task_has_room_for_so_many(ann: Person, task: str) -> None:
    for _ in range(settings.TASK_MAX_FILES):
        last = announced(ann, task)
    assert announce(ann, task).json_body["code"] == "no_room"
    ann.call("DELETE", path_of(last))
    assert announce(ann, task).status_code == 201


def test_a_project_has_room_for_so_much(ann: Person, task: str) -> None:
    tasks = [task, *(str(ann.adds_task(task[26:])["id"]) for _ in range(3))]
    for one in tasks[:3]:
        announced(ann, one, size=20 * MIB)
    full = announce(ann, tasks[3])
    assert (full.status_code, full.json_body["code"]) == (409, "no_room")
    assert "project" in full.json_body["detail"]


def test_a_repeated_announcement_takes_no_more_room(ann: Person, task: str) -> None:
    body = {"filename": "a.bin", "content_type": "application/zip", "size": 20 * MIB}
    for _ in range(3):
        answer = ann.post(f"/api/tasks/{task}/attachments", body, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 201
    assert announce(ann, task, size=20 * MIB).status_code == 201


# --- in parts -------------------------------------------------------------------------------------

LARGE = {"size": 17 * MIB, "content_type": "application/zip", "filename": "a.zip"}


@pytest.fixture
def sends(ann: Person) -> Callable[[dict[str, Any], int, int], None]:
    """Put so many bytes to the address of a part. (moto does not check the signature; the local
    cloud does, in tests/live.)"""

    def send(attachment: dict[str, Any], number: int, size: int) -> None:
        (part,) = ann.post(path_of(attachment, "/parts"), {"numbers": [number]}).json_body["items"]
        assert (part["number"], part["size"]) == (number, size)
        query = {name: v[0] for name, v in parse_qs(urlsplit(part["url"]).query).items()}
        assert "content-length" in query["X-Amz-SignedHeaders"].split(";")
        assert query["partNumber"] == str(number)
        where = {"Bucket": settings.BUCKET_NAME, "Key": key_of(attachment)}
        begun = {"UploadId": query["uploadId"], "PartNumber": number}
        clients.s3_client().upload_part(**where, **begun, Body=bytes(size))

    return send


def test_a_large_file_comes_in_parts_and_goes_on_where_it_was(
    ann: Person, task: str, sends: Any
) -> None:
    answer = announce(ann, task, **LARGE).json_body
    attachment = answer["attachment"]
    assert answer["upload"] == {"part_size": PART_BYTES, "part_count": 3}
    nothing = ann.get(path_of(attachment, "/parts")).json_body
    assert nothing == answer["upload"] | {"items": [], "next_cursor": None}
    sends(attachment, 1, 8 * MIB)
    sends(attachment, 3, MIB)
    assert ann.post(path_of(attachment, "/complete")).json_body["code"] == "upload_missing"
    there = ann.get(path_of(attachment, "/parts")).json_body["items"]
    assert there == [{"number": 1, "size": 8 * MIB}, {"number": 3, "size": MIB}]
    sends(attachment, 2, 8 * MIB)
    ready = ann.post(path_of(attachment, "/complete")).json_body
    assert ready["status"] == "ready"
    assert ann.post(path_of(attachment, "/complete")).json_body == ready
    assert ann.get(path_of(attachment, "/parts")).json_body["code"] == "upload_over"


def test_an_upload_in_parts_is_given_up_with_all_of_them(
    ann: Person, task: str, sends: Any
) -> None:
    attachment = announced(ann, task, **LARGE)
    sends(attachment, 1, 8 * MIB)
    assert ann.call("DELETE", path_of(attachment)).status_code == 204
    found = clients.s3_client().list_multipart_uploads(Bucket=settings.BUCKET_NAME)
    assert found.get("Uploads", []) == []


@pytest.mark.parametrize(
    ("numbers", "place"),
    [
        ([], "numbers"),
        ([0], "numbers"),
        ([4], "numbers"),
        (["1"], "numbers"),
        (list(range(1, 102)), "numbers"),
    ],
)
def test_there_are_addresses_for_the_parts_that_there_are(
    ann: Person, task: str, numbers: list[Any], place: str
) -> None:
    attachment = announced(ann, task, **LARGE)
    answer = ann.post(path_of(attachment, "/parts"), {"numbers": numbers})
    assert (answer.status_code, locations(answer)) == (422, [place])


def test_a_small_file_has_no_parts(ann: Person, task: str) -> None:
    attachment = announced(ann, task)
    assert ann.get(path_of(attachment, "/parts")).status_code == 404
    assert ann.post(path_of(attachment, "/parts"), {"numbers": [1]}).status_code == 404


def _count(person: Person, task: str) -> int:
    return int(person.get(f"/api/tasks/{task}").json_body["attachments_count"])


def test_a_task_counts_the_files_that_are_there(ann: Person, task: str) -> None:
    kept, gone = uploaded(ann, task), uploaded(ann, task)
    announced(ann, task)
    ann.post(path_of(kept, "/complete"))  # again
    assert _count(ann, task) == 2
    for _ in range(2):
        ann.delete(path_of(gone))
    assert _count(ann, task) == 1
    assert ann.get(f"/api/tasks/{task}").json_body["version"] == 1


def test_a_file_that_arrives_in_the_trash_is_counted(ann: Person, task: str) -> None:
    attachment = announced(ann, task)
    arrives(attachment)
    ann.delete(f"/api/tasks/{task}")
    assert handle_object_created(key_of(attachment), now=now()) == "ready"
    assert ann.post(f"/api/tasks/{task}/restore").json_body["attachments_count"] == 1
