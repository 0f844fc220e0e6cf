"""Attachments over the API. Expiry and the S3 event are in test_uploads.py."""

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
    attachment_path,
    create_attachment,
    object_exists,
    object_key,
    post_attachment,
    post_form,
    put_object,
    put_upload,
    upload_attachment,
)
from tests.support import Person, error_locations

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
    return str(ann.create_task(ann.create_project())["id"])


@pytest.fixture
def shared(ann: Person, bob: Person) -> str:
    """Return a task of a project that bob is a member of."""
    project = ann.create_project()
    ann.add_member(project, bob)
    return str(ann.create_task(project)["id"])


def _link(person: Person, attachment: dict[str, Any], query: str = "") -> dict[str, str]:
    """Return the query parameters of the download URL."""
    url = person.get(attachment_path(attachment, "/download") + query).json_body["url"]
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


# --- announcing an upload -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "kind", "fields"),
    [
        (settings.UPLOAD_FORM_MAX_BYTES, "form", {"url", "fields"}),
        (settings.UPLOAD_FORM_MAX_BYTES + 1, "parts", {"part_size", "part_count"}),
    ],
)
def test_the_response_names_the_kind_of_upload(
    ann: Person, task: str, size: int, kind: str, fields: set[str]
) -> None:
    announced = post_attachment(ann, task, size=size).json_body
    assert (announced["kind"], set(announced["upload"])) == (kind, fields)


def test_a_new_attachment_is_pending_and_has_a_location(ann: Person, task: str) -> None:
    answer = post_attachment(ann, task)
    attachment = answer.json_body["attachment"]
    assert answer.headers["location"] == attachment_path(attachment) + "/"
    assert attachment["status"] == "pending" and attachment["uploaded_at"] is None
    assert ann.get(attachment_path(attachment)).json_body == attachment


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
        ({"content_type": "video/mp4"}, "content_type"),  # not an accepted type of the stage
        ({"sha256": "abc"}, "sha256"),
        ({"sha256": "0" * 64, "size": 7 * MIB}, "sha256"),  # a multipart upload
    ],
)
def test_an_invalid_announcement_is_rejected(
    ann: Person, task: str, changes: dict[str, Any], place: str
) -> None:
    answer = post_attachment(ann, task, **changes)
    assert (answer.status_code, error_locations(answer)) == (422, [place])


def test_an_integer_may_have_a_decimal_point(ann: Person, task: str) -> None:
    """JSON and JavaScript have only one number type."""
    assert post_attachment(ann, task, size=5.0).json_body["attachment"]["size"] == 5


def test_a_viewer_can_download_but_neither_upload_nor_delete(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob, "viewer")
    task = str(ann.create_task(project)["id"])
    assert post_attachment(bob, task).status_code == 403
    attachment = upload_attachment(ann, task)
    assert bob.get(attachment_path(attachment, "/download")).status_code == 200
    assert bob.call("DELETE", attachment_path(attachment)).status_code == 403


def test_a_repeated_idempotency_key_returns_the_same_attachment_and_a_valid_form(
    ann: Person, task: str
) -> None:
    body = {"filename": "a.txt", "content_type": "text/plain", "size": 5}
    path, key = f"/api/tasks/{task}/attachments", {"Idempotency-Key": "k"}
    first, again = (ann.post(path, body, headers=key).json_body for _ in range(2))
    assert first["attachment"] == again["attachment"]
    assert post_form(again["upload"]["url"], again["upload"]["fields"], b"bytes") == "stored"
    ann.call("DELETE", attachment_path(first["attachment"]))
    over = ann.post(path, body, headers=key)
    assert (over.status_code, over.json_body["code"]) == (409, "upload_over")


# --- the signed form, checked as S3 checks it -----------------------------------------------------


@pytest.fixture
def form(ann: Person, task: str) -> dict[str, Any]:
    digest = hashlib.sha256(b"bytes").hexdigest()
    upload: dict[str, Any] = post_attachment(ann, task, sha256=digest).json_body["upload"]
    return upload


def test_the_form_accepts_exactly_the_announced_file(form: dict[str, Any]) -> None:
    assert post_form(form["url"], form["fields"], b"bytes") == "stored"
    assert form["url"].startswith(f"https://{settings.BUCKET_NAME}.s3.eu-central-1.amazonaws.com")
    assert "a.txt" not in base64.b64decode(form["fields"]["policy"]).decode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"bytes!", "EntityTooLarge"), (b"byte", "EntityTooSmall"), (b"other", "BadDigest")],
)
def test_the_form_rejects_other_bytes(form: dict[str, Any], body: bytes, reason: str) -> None:
    assert post_form(form["url"], form["fields"], body) == reason


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
    assert post_form(form["url"], fields, b"bytes").startswith("AccessDenied")


def test_a_changed_policy_or_signature_is_rejected(form: dict[str, Any]) -> None:
    policy = json.loads(base64.b64decode(form["fields"]["policy"]))
    policy["conditions"] = [c for c in policy["conditions"] if "key" not in c]
    changed = base64.b64encode(json.dumps(policy).encode()).decode()
    fields = form["fields"] | {"policy": changed}
    assert post_form(form["url"], fields, b"bytes") == "SignatureDoesNotMatch"
    signed = hmac.new(b"another key", form["fields"]["policy"].encode(), hashlib.sha256).hexdigest()
    fields = form["fields"] | {"x-amz-signature": signed}
    assert post_form(form["url"], fields, b"bytes") == "SignatureDoesNotMatch"


def test_the_form_is_valid_for_five_minutes(form: dict[str, Any]) -> None:
    def after(minutes: float) -> str:
        later = datetime.now(UTC) + timedelta(minutes=minutes)
        return post_form(form["url"], form["fields"], b"bytes", now=later)

    assert (after(4.9), after(5.1)) == ("stored", "AccessDenied: expired")


# --- confirming -----------------------------------------------------------------------------------


def test_completing_an_upload_is_idempotent(ann: Person, task: str) -> None:
    attachment = create_attachment(ann, task)
    put_upload(attachment)
    first, again = (ann.post(attachment_path(attachment, "/complete")).json_body for _ in range(2))
    assert first == again == ann.get(attachment_path(attachment)).json_body
    assert first["status"] == "ready" and first["uploaded_at"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [(None, ""), (b"too long", "text/plain"), (b"bytes", "text/html"), (b"other", "text/plain")],
)
def test_an_object_that_differs_from_the_announced_file_is_not_confirmed(
    ann: Person, task: str, body: bytes | None, kind: str
) -> None:
    attachment = create_attachment(ann, task, sha256=hashlib.sha256(b"bytes").hexdigest())
    if body is not None:
        put_object(object_key(attachment), body, kind)
    answer = ann.post(attachment_path(attachment, "/complete"))
    assert (answer.status_code, answer.json_body["code"]) == (409, "upload_missing")
    assert ann.get(attachment_path(attachment)).json_body["status"] == "pending"


@pytest.mark.parametrize("options", [{}, {"ChecksumAlgorithm": "SHA256"}])
def test_the_digest_comes_from_s3_or_is_computed_from_the_bytes(
    ann: Person, task: str, options: dict[str, str]
) -> None:
    digest = hashlib.sha256(b"bytes").hexdigest()
    attachment = create_attachment(ann, task, sha256=digest)
    put_upload(attachment, **options)
    stored = s3.head_object(object_key(attachment))
    assert stored is not None and (stored.sha256 == digest) == bool(options)
    assert ann.post(attachment_path(attachment, "/complete")).json_body["sha256"] == digest


# --- inline display in a browser ------------------------------------------------------------------


@pytest.mark.parametrize("kind", PICTURES)
def test_an_image_is_shown_inline_if_its_bytes_are_of_that_type(
    ann: Person, task: str, kind: str
) -> None:
    """The file name and the announced type do not matter."""
    attachment = upload_attachment(
        ann, task, PICTURES[kind], filename="x.html", content_type="text/html"
    )
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
        ("a.png", "image/png", HTML),  # name and type do not match the bytes
        ("a.jpg", "image/jpeg", SVG),
        ("a.gif", "image/gif", b" GIF89a" + HTML),
        ("a.webp", "image/webp", b"RIFF" + HTML),
        ("a.png", "image/png", HTML + PNG),
        ("a.png", "image/png", b"\x89"),
    ],
)
def test_no_other_file_is_ever_shown_inline(
    ann: Person, task: str, name: str, kind: str, body: bytes, query: str
) -> None:
    attachment = upload_attachment(ann, task, body, filename=name, content_type=kind)
    link = _link(ann, attachment, query)
    assert attachment["picture"] is None
    assert link["response-content-type"] == "application/octet-stream"
    assert link["response-content-disposition"].startswith("attachment;")


@pytest.mark.parametrize("magic", [b"GIF89a", b"\xff\xd8\xff", PNG])
def test_a_polyglot_file_is_served_as_an_image_only(ann: Person, task: str, magic: bytes) -> None:
    """With an image type no browser reads it as a document or a script."""
    attachment = upload_attachment(
        ann, task, magic + b"=1;/*" + HTML + b"*/", content_type="text/html"
    )
    assert _link(ann, attachment, "?inline=true")["response-content-type"].startswith("image/")


def test_the_download_keeps_any_file_name(ann: Person, task: str) -> None:
    name = 'Plän "b"; filename=x.html.png'
    attachment = upload_attachment(ann, task, filename=name)
    disposition = _link(ann, attachment)["response-content-disposition"]
    encoded = "Pl%C3%A4n%20%22b%22%3B%20filename%3Dx.html.png"
    assert disposition == f"attachment; filename*=UTF-8''{encoded}"


def test_a_download_url_is_valid_for_one_minute(ann: Person, task: str) -> None:
    attachment = upload_attachment(ann, task)
    assert ann.get(attachment_path(attachment, "/download")).json_body["expires_in"] == 60
    assert _link(ann, attachment)["X-Amz-Expires"] == "60"


# --- access ---------------------------------------------------------------------------------------


def test_a_pending_attachment_is_visible_to_its_uploader_only(
    ann: Person, bob: Person, shared: str
) -> None:
    attachment = create_attachment(bob, shared)
    put_upload(attachment)
    assert ann.get(f"/api/tasks/{shared}/attachments").json_body["items"] == []
    assert bob.get(f"/api/tasks/{shared}/attachments").json_body["items"] == [attachment]
    for method, verb in (
        ("GET", ""),
        ("GET", "/download"),
        ("GET", "/parts"),
        ("POST", "/complete"),
        ("DELETE", ""),
    ):
        assert ann.call(method, attachment_path(attachment, verb)).status_code == 404
    assert bob.get(attachment_path(attachment, "/download")).status_code == 404  # not confirmed yet
    bob.post(attachment_path(attachment, "/complete"))
    assert len(ann.get(f"/api/tasks/{shared}/attachments").json_body["items"]) == 1


def test_a_user_outside_the_project_has_no_access(ann: Person, bob: Person, task: str) -> None:
    attachment = upload_attachment(ann, task)
    for method, verb in (("GET", ""), ("GET", "/download"), ("POST", "/complete"), ("DELETE", "")):
        assert bob.call(method, attachment_path(attachment, verb)).status_code == 404
    assert bob.get(f"/api/tasks/{task}/attachments").status_code == 404
    assert post_attachment(bob, task).status_code == 404


def test_an_attachment_is_found_under_its_own_task_only(ann: Person, task: str) -> None:
    attachment = upload_attachment(ann, task)
    other = str(ann.create_task(task[26:])["id"])
    assert ann.get(attachment_path(attachment | {"task": other})).status_code == 404
    assert ann.get(f"/api/tasks/{task}/attachments/nonsense").status_code == 404


def test_a_removed_member_gets_no_new_url(ann: Person, bob: Person, shared: str) -> None:
    attachment, pending = (
        upload_attachment(bob, shared),
        create_attachment(bob, shared, size=7 * MIB),
    )
    removal = ann.call("DELETE", f"/api/projects/{shared[26:]}/members/{bob.id}")
    assert removal.status_code < 300
    assert bob.get(attachment_path(attachment, "/download")).status_code == 404
    assert bob.post(attachment_path(pending, "/parts"), {"numbers": [1]}).status_code == 404
    assert post_attachment(bob, shared).status_code == 404


def test_a_revoked_session_gets_no_new_url(ann: Person, task: str) -> None:
    attachment = upload_attachment(ann, task)
    ann.post("/api/auth/logout")
    assert ann.get(attachment_path(attachment, "/download")).status_code == 401
    assert post_attachment(ann, task).status_code == 401


# --- deleting -------------------------------------------------------------------------------------


def test_the_uploader_can_delete_an_attachment(ann: Person, bob: Person, shared: str) -> None:
    attachment = upload_attachment(bob, shared)
    assert bob.call("DELETE", attachment_path(attachment)).status_code == 204
    assert not object_exists(object_key(attachment))
    assert bob.get(attachment_path(attachment)).status_code == 404
    assert bob.call("DELETE", attachment_path(attachment)).status_code == 404
    assert ann.get(f"/api/tasks/{shared}/attachments").json_body["items"] == []


def test_managers_can_delete_attachments_of_others_and_members_cannot(
    ann: Person, bob: Person, shared: str
) -> None:
    of_ann, of_bob = upload_attachment(ann, shared), upload_attachment(bob, shared)
    assert bob.call("DELETE", attachment_path(of_ann)).status_code == 403
    assert ann.call("DELETE", attachment_path(of_bob)).status_code == 204
    assert object_exists(object_key(of_ann))


def test_a_deleted_upload_cannot_be_completed(ann: Person, task: str) -> None:
    attachment = create_attachment(ann, task)
    ann.call("DELETE", attachment_path(attachment))
    put_upload(attachment)
    assert ann.post(attachment_path(attachment, "/complete")).status_code == 404


# --- storage limits -------------------------------------------------------------------------------


def test_a_task_has_a_limit_of_bytes(ann: Person, task: str) -> None:
    first = create_attachment(ann, task, size=20 * MIB)
    create_attachment(ann, task, size=20 * MIB)
    full = post_attachment(ann, task)
    assert (full.status_code, full.json_body["code"]) == (409, "no_room")
    assert "task" in full.json_body["detail"]
    ann.call("DELETE", attachment_path(first))
    create_attachment(ann, task, size=20 * MIB)


def test_a_task_has_a_limit_of_files(ann: Person, task: str) -> None:
    for _ in range(settings.TASK_MAX_FILES):
        last = create_attachment(ann, task)
    assert post_attachment(ann, task).json_body["code"] == "no_room"
    ann.call("DELETE", attachment_path(last))
    assert post_attachment(ann, task).status_code == 201


def test_a_project_has_a_limit_of_bytes(ann: Person, task: str) -> None:
    tasks = [task, *(str(ann.create_task(task[26:])["id"]) for _ in range(3))]
    for one in tasks[:3]:
        create_attachment(ann, one, size=20 * MIB)
    full = post_attachment(ann, tasks[3])
    assert (full.status_code, full.json_body["code"]) == (409, "no_room")
    assert "project" in full.json_body["detail"]


def test_a_repeated_announcement_reserves_storage_once(ann: Person, task: str) -> None:
    body = {"filename": "a.bin", "content_type": "application/zip", "size": 20 * MIB}
    for _ in range(3):
        answer = ann.post(f"/api/tasks/{task}/attachments", body, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 201
    assert post_attachment(ann, task, size=20 * MIB).status_code == 201


# --- multipart uploads ----------------------------------------------------------------------------

LARGE = {"size": 17 * MIB, "content_type": "application/zip", "filename": "a.zip"}


@pytest.fixture
def send_part(ann: Person) -> Callable[[dict[str, Any], int, int], None]:
    """Return a function that uploads `size` bytes as a part.

    moto does not check the signature of the URL; the local cloud does, in tests/live.
    """

    def send(attachment: dict[str, Any], number: int, size: int) -> None:
        (part,) = ann.post(attachment_path(attachment, "/parts"), {"numbers": [number]}).json_body[
            "items"
        ]
        assert (part["number"], part["size"]) == (number, size)
        query = {name: v[0] for name, v in parse_qs(urlsplit(part["url"]).query).items()}
        assert "content-length" in query["X-Amz-SignedHeaders"].split(";")
        assert query["partNumber"] == str(number)
        where = {"Bucket": settings.BUCKET_NAME, "Key": object_key(attachment)}
        begun = {"UploadId": query["uploadId"], "PartNumber": number}
        clients.s3_client().upload_part(**where, **begun, Body=bytes(size))

    return send


def test_a_large_file_is_uploaded_in_parts_and_can_be_resumed(
    ann: Person, task: str, send_part: Any
) -> None:
    answer = post_attachment(ann, task, **LARGE).json_body
    attachment = answer["attachment"]
    assert answer["upload"] == {"part_size": PART_BYTES, "part_count": 3}
    empty = ann.get(attachment_path(attachment, "/parts")).json_body
    assert empty == answer["upload"] | {"items": [], "next_cursor": None}
    send_part(attachment, 1, 8 * MIB)
    send_part(attachment, 3, MIB)
    assert ann.post(attachment_path(attachment, "/complete")).json_body["code"] == "upload_missing"
    arrived = ann.get(attachment_path(attachment, "/parts")).json_body["items"]
    assert arrived == [{"number": 1, "size": 8 * MIB}, {"number": 3, "size": MIB}]
    send_part(attachment, 2, 8 * MIB)
    ready = ann.post(attachment_path(attachment, "/complete")).json_body
    assert ready["status"] == "ready"
    assert ann.post(attachment_path(attachment, "/complete")).json_body == ready
    assert ann.get(attachment_path(attachment, "/parts")).json_body["code"] == "upload_over"


def test_deleting_a_multipart_upload_deletes_all_its_parts(
    ann: Person, task: str, send_part: Any
) -> None:
    attachment = create_attachment(ann, task, **LARGE)
    send_part(attachment, 1, 8 * MIB)
    assert ann.call("DELETE", attachment_path(attachment)).status_code == 204
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
def test_urls_are_signed_for_existing_parts_only(
    ann: Person, task: str, numbers: list[Any], place: str
) -> None:
    attachment = create_attachment(ann, task, **LARGE)
    answer = ann.post(attachment_path(attachment, "/parts"), {"numbers": numbers})
    assert (answer.status_code, error_locations(answer)) == (422, [place])


def test_a_small_file_has_no_parts(ann: Person, task: str) -> None:
    attachment = create_attachment(ann, task)
    assert ann.get(attachment_path(attachment, "/parts")).status_code == 404
    assert ann.post(attachment_path(attachment, "/parts"), {"numbers": [1]}).status_code == 404


def _count(person: Person, task: str) -> int:
    return int(person.get(f"/api/tasks/{task}").json_body["attachments_count"])


def test_a_task_counts_its_ready_attachments(ann: Person, task: str) -> None:
    kept, deleted = upload_attachment(ann, task), upload_attachment(ann, task)
    create_attachment(ann, task)
    ann.post(attachment_path(kept, "/complete"))  # repeated
    assert _count(ann, task) == 2
    for _ in range(2):
        ann.delete(attachment_path(deleted))
    assert _count(ann, task) == 1
    assert ann.get(f"/api/tasks/{task}").json_body["version"] == 1


def test_a_file_that_arrives_while_its_task_is_in_the_trash_is_counted(
    ann: Person, task: str
) -> None:
    attachment = create_attachment(ann, task)
    put_upload(attachment)
    ann.delete(f"/api/tasks/{task}")
    assert handle_object_created(object_key(attachment), now=now()) == "ready"
    assert ann.post(f"/api/tasks/{task}/restore").json_body["attachments_count"] == 1
