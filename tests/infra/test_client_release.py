"""Releases of the web client: the order of their steps, interruptions, and what is kept."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from infra.deployment import client_release
from infra.deployment.client_release import MANIFEST, find_client_changes, release_client

BUCKET = "client"


@pytest.fixture(autouse=True)
def bucket() -> Iterator[Any]:
    """An empty bucket."""
    with mock_aws():
        boto3.setup_default_session()
        bucket = boto3.resource("s3", region_name="us-east-1").Bucket(BUCKET)
        bucket.create()
        yield bucket
        bucket.objects.all().delete()  # other tests may keep this emulator


@pytest.fixture
def requests() -> Iterator[list[tuple[str, str]]]:
    """The operations on the bucket and their keys, in order."""
    sent: list[tuple[str, str]] = []
    events = _get_events()

    def record(model: Any, params: Any, **_: Any) -> None:
        sent.append((model.name, params["url_path"].lstrip("/")))

    events.register("before-call.s3", record)
    yield sent
    events.unregister("before-call.s3", record)


def _get_events() -> Any:
    """Return the hooks of the clients that boto3 creates from now on."""
    session = boto3.DEFAULT_SESSION
    assert session is not None
    return session._session.get_component("event_emitter")


def _build(folder: Path, version: str) -> Path:
    """Write a build whose page loads one script of its own, and one that all versions have."""
    target = folder / version
    (target / "assets").mkdir(parents=True)
    (target / ".vite").mkdir()
    (target / ".vite" / "first-load.json").write_text("{}")
    (target / "assets" / f"index-{version}.js").write_text(f"run('{version}')")
    (target / "assets" / "shared.css").write_text("body {}")
    (target / "index.html").write_text(f"<script src=/assets/index-{version}.js></script>")
    (target / "favicon.svg").write_text("<svg/>")
    return target


def _list_names(bucket: Any) -> set[str]:
    return {stored.key for stored in bucket.objects.all()} - {MANIFEST}


def _read(bucket: Any, name: str) -> str:
    return str(bucket.Object(name).get()["Body"].read().decode())


def test_every_file_is_uploaded_with_its_type_and_cache_control(
    bucket: Any, tmp_path: Path
) -> None:
    release_client(BUCKET, _build(tmp_path, "1"))
    headers = {
        name: (bucket.Object(name).content_type, bucket.Object(name).cache_control)
        for name in _list_names(bucket)
    }
    forever = "public, max-age=31536000, immutable"
    assert headers == {
        "index.html": ("text/html; charset=utf-8", "no-cache"),
        "favicon.svg": ("image/svg+xml", "no-cache"),
        "assets/index-1.js": ("text/javascript; charset=utf-8", forever),
        "assets/shared.css": ("text/css; charset=utf-8", forever),
    }


def test_the_page_is_replaced_after_everything_it_loads(
    bucket: Any, tmp_path: Path, requests: list[tuple[str, str]]
) -> None:
    release_client(BUCKET, _build(tmp_path, "1"))
    uploads = [key for operation, key in requests if operation == "PutObject"]
    assert uploads[-1] == "index.html"
    assert set(uploads) == _list_names(bucket) | {MANIFEST}


def test_only_changed_files_are_uploaded(
    bucket: Any, tmp_path: Path, requests: list[tuple[str, str]]
) -> None:
    release_client(BUCKET, _build(tmp_path, "1"))
    second = _build(tmp_path, "2")
    assert find_client_changes(BUCKET, second) == ["assets/index-2.js", "index.html"]
    requests.clear()
    release_client(BUCKET, second)
    uploads = [key for operation, key in requests if operation == "PutObject"]
    assert uploads == ["assets/index-2.js", MANIFEST, "index.html"]
    requests.clear()
    release_client(BUCKET, second)
    assert {operation for operation, _ in requests} == {"ListObjectsV2", "GetObject"}
    assert find_client_changes(BUCKET, second) == []


def test_open_tabs_find_the_files_of_the_previous_release(bucket: Any, tmp_path: Path) -> None:
    for version in "1234":
        release_client(BUCKET, _build(tmp_path, version))
    names = _list_names(bucket)
    assert {"assets/index-4.js", "assets/index-3.js", "assets/shared.css"} <= names
    assert "assets/index-1.js" not in names


def test_a_release_can_be_taken_back(bucket: Any, tmp_path: Path) -> None:
    first = _build(tmp_path, "1")
    release_client(BUCKET, first)
    release_client(BUCKET, _build(tmp_path, "2"))
    release_client(BUCKET, first)
    assert "index-1.js" in _read(bucket, "index.html")
    assert {"assets/index-1.js", "assets/index-2.js"} <= _list_names(bucket)
    assert len(json.loads(_read(bucket, MANIFEST))) == 2


@pytest.mark.parametrize("broken", ["assets/index-2.js", MANIFEST, "index.html"])
def test_an_interrupted_release_leaves_the_old_page_and_can_be_repeated(
    bucket: Any, tmp_path: Path, broken: str
) -> None:
    release_client(BUCKET, _build(tmp_path, "1"))
    second = _build(tmp_path, "2")
    _interrupt(broken, second)
    assert "index-1.js" in _read(bucket, "index.html")
    assert "assets/index-1.js" in _list_names(bucket)
    release_client(BUCKET, second)
    assert "index-2.js" in _read(bucket, "index.html")
    assert {"assets/index-1.js", "assets/index-2.js"} <= _list_names(bucket)


def test_a_release_after_an_interrupted_one_keeps_the_files_of_the_page_before(
    bucket: Any, tmp_path: Path
) -> None:
    release_client(BUCKET, _build(tmp_path, "1"))
    _interrupt("index.html", _build(tmp_path, "2"))
    release_client(BUCKET, _build(tmp_path, "3"))
    assert {"assets/index-1.js", "assets/index-3.js"} <= _list_names(bucket)


def _interrupt(broken: str, folder: Path) -> None:
    """Release the build, but lose the connection at the upload of the file `broken`."""

    def fail(params: Any, **_: Any) -> None:
        if params["url_path"].endswith(f"/{broken}"):
            raise EndpointConnectionError(endpoint_url=broken)

    events = _get_events()
    events.register("before-call.s3.PutObject", fail)
    try:
        with pytest.raises(EndpointConnectionError):
            release_client(BUCKET, folder)
    finally:
        events.unregister("before-call.s3.PutObject", fail)


def test_a_bucket_that_cannot_be_read_is_not_an_empty_one(bucket: Any, tmp_path: Path) -> None:
    with pytest.raises(ClientError):
        client_release.release_client("nowhere", _build(tmp_path, "1"))
