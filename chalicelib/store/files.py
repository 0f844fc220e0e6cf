"""The bucket: signed forms to upload with, short-lived addresses to download from."""

from dataclasses import dataclass
from urllib.parse import quote

from botocore.exceptions import ClientError

from chalicelib import settings
from chalicelib.store import aws
from chalicelib.store.outages import error_code, outages_translated

UPLOAD_SECONDS = 300
DOWNLOAD_SECONDS = 60
PICTURE_SECONDS = 300
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True)
class UploadForm:
    """Where and with which form fields a browser posts the file; the storage enforces them."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True)
class StoredObject:
    size: int
    content_type: str


def upload_form(object_key: str, *, content_type: str, size: int) -> UploadForm:
    """A POST policy for exactly this key, this type and this size, good for five minutes.

    POST and not PUT: only a policy can limit the length
    (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html).
    """
    signed = aws.s3().generate_presigned_post(
        settings.BUCKET_NAME,
        object_key,
        Fields={"Content-Type": content_type},
        Conditions=[{"Content-Type": content_type}, ["content-length-range", size, size]],
        ExpiresIn=UPLOAD_SECONDS,
    )
    return UploadForm(signed["url"], signed["fields"])


def download_url(object_key: str, *, filename: str) -> str:
    """An address good for a minute. The answer is always a download of opaque bytes, so nothing
    that was uploaded ever runs in a browser; the name follows RFC 6266."""
    return str(
        aws.s3().generate_presigned_url(
            "get_object",
            Params={
                "Bucket": settings.BUCKET_NAME,
                "Key": object_key,
                "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(filename, '')}",
                "ResponseContentType": "application/octet-stream",
            },
            ExpiresIn=DOWNLOAD_SECONDS,
        )
    )


def picture_url(object_key: str) -> str:
    """An address good for five minutes of a picture whose bytes were looked at, to be shown."""
    params = {"Bucket": settings.BUCKET_NAME, "Key": object_key}
    url = aws.s3().generate_presigned_url("get_object", Params=params, ExpiresIn=PICTURE_SECONDS)
    return str(url)


def sniffed(object_key: str) -> str | None:
    """The type of picture that the object's first bytes say it is, or None."""
    with outages_translated():
        answer = aws.s3().get_object(
            Bucket=settings.BUCKET_NAME, Key=object_key, Range="bytes=0-15"
        )
    first: bytes = answer["Body"].read()
    if first.startswith(b"RIFF") and first[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in PICTURES.items() if first.startswith(magic)), None)


def head(object_key: str) -> StoredObject | None:
    """What stands at the key, or None."""
    try:
        with outages_translated():
            found = aws.s3().head_object(Bucket=settings.BUCKET_NAME, Key=object_key)
    except ClientError as error:
        if error_code(error) in {"404", "NoSuchKey", "NotFound"}:
            return None
        raise
    return StoredObject(int(found["ContentLength"]), str(found["ContentType"]))


def delete(object_key: str) -> None:
    """Remove the object; one that is not there is fine."""
    with outages_translated():
        aws.s3().delete_object(Bucket=settings.BUCKET_NAME, Key=object_key)
