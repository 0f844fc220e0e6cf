"""Releases of the web client: its files in the bucket behind the stack's CloudFront distribution.

A file in `assets/` has a hash in its name and never changes. A new release uploads its files before
it replaces `index.html`, and leaves the files of the previous ones for tabs that are still open.
Every step can be repeated after an interruption.
"""

import hashlib
import json
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

HASHED = "assets/"
PAGE = "index.html"
# The names of the files of each release, newest first. The page does not refer to it.
MANIFEST = "releases.json"
# The new release, the previous one, and one more, because a deployment may end before it replaces
# the page.
RELEASES_KEPT = 3
_BUILD_REPORTS = ".vite"
# Python's own table, not that of the machine.
_TYPES = mimetypes.MimeTypes()
_TYPES.add_type("text/javascript", ".js")


def release_client(bucket: str, folder: Path) -> None:
    """Upload the built client in `folder`, then let its page replace the previous one."""
    s3: Any = boto3.client("s3")
    present = dict(_list_files(s3, bucket))
    files = list_client_files(folder)
    changed = [name for name in files if _is_changed(name, folder, present)]
    if changed:
        print(f"  uploading {len(changed)} files of the web client", flush=True)
    for name in changed:
        if name != PAGE:
            _upload(s3, bucket, name, folder)
    releases = _record_release(s3, bucket, files)
    if PAGE in changed:
        _upload(s3, bucket, PAGE, folder)
    kept = {MANIFEST, *(name for release in releases for name in release)}
    for name in present.keys() - kept:
        s3.delete_object(Bucket=bucket, Key=name)


def find_client_changes(bucket: str, folder: Path) -> list[str]:
    """Return the names of the files that `release_client` would upload."""
    present = dict(_list_files(boto3.client("s3"), bucket))
    return [name for name in list_client_files(folder) if _is_changed(name, folder, present)]


def list_client_files(folder: Path) -> list[str]:
    """Return the names of the files of a build, sorted."""
    names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(name.as_posix() for name in names if name.parts[0] != _BUILD_REPORTS)


def build_file_headers(name: str) -> dict[str, str]:
    """Return Content-Type and Cache-Control of a file of the client."""
    kind = _TYPES.guess_type(name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/")
    is_hashed = name.startswith(HASHED)
    return {
        "Content-Type": f"{kind}; charset=utf-8" if is_text else kind,
        "Cache-Control": "public, max-age=31536000, immutable" if is_hashed else "no-cache",
    }


def _list_files(s3: Any, bucket: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the MD5 of each object, which is its ETag with SSE-S3."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for stored in page.get("Contents", []):
            yield stored["Key"], stored["ETag"].strip('"')


def _is_changed(name: str, folder: Path, present: dict[str, str]) -> bool:
    content = (folder / name).read_bytes()
    return present.get(name) != hashlib.md5(content, usedforsecurity=False).hexdigest()


def _record_release(s3: Any, bucket: str, files: list[str]) -> list[list[str]]:
    """Write the release into the manifest unless it is the newest; return the releases to keep."""
    releases = _read_releases(s3, bucket)
    if releases[:1] == [files]:
        return releases
    releases = [files, *(release for release in releases if release != files)][:RELEASES_KEPT]
    body = json.dumps(releases).encode()
    s3.put_object(Bucket=bucket, Key=MANIFEST, Body=body, ContentType="application/json")
    return releases


def _read_releases(s3: Any, bucket: str) -> list[list[str]]:
    try:
        stored = s3.get_object(Bucket=bucket, Key=MANIFEST)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return []
        raise
    releases: list[list[str]] = json.loads(stored["Body"].read())
    return releases


def _upload(s3: Any, bucket: str, name: str, folder: Path) -> None:
    headers = build_file_headers(name)
    s3.put_object(
        Bucket=bucket,
        Key=name,
        Body=(folder / name).read_bytes(),
        ContentType=headers["Content-Type"],
        CacheControl=headers["Cache-Control"],
    )
