"""The responses of AWS services with JSON, read in one pass."""

from typing import Any
from zlib import crc32

import msgspec
from botocore.exceptions import HTTPClientError

_decode = msgspec.json.Decoder().decode


def check_checksum(response: Any) -> None:
    """Raise HTTPClientError, which is retried, for a body that was damaged on the way."""
    checksum = response.headers.get("x-amz-crc32")
    if checksum is not None and crc32(response.content) != int(checksum):
        raise HTTPClientError(error="the response has another CRC32 checksum")


def parse_result(response: Any) -> dict[str, Any]:
    """Return the JSON of a response with status 200, with the metadata that botocore adds.

    Raises HTTPClientError, which is retried, for a body that is no JSON.
    """
    try:
        parsed: dict[str, Any] = _decode(response.content)
    except msgspec.DecodeError as error:
        raise HTTPClientError(error=error) from error
    parsed["ResponseMetadata"] = _build_metadata(response)
    return parsed


def parse_error(response: Any) -> dict[str, Any]:
    """Return an error of the protocol AWS JSON in the form that botocore's parser gives it.

    A body that is no JSON object, such as a proxy's page, is the message of an error whose code is
    the HTTP status.
    """
    try:
        body = _decode(response.content)
    except msgspec.DecodeError:
        body = None
    if not isinstance(body, dict):
        body = {"message": response.content.decode(errors="replace")}
    # https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization
    code = str(body.pop("__type", None) or response.status_code)
    message = body.pop("message", None) or body.pop("Message", None) or ""
    error = {"Code": code.rpartition("#")[2].partition(":")[0], "Message": message}
    return {**body, "Error": error, "ResponseMetadata": _build_metadata(response)}


def _build_metadata(response: Any) -> dict[str, Any]:
    headers = response.headers
    return {
        "RequestId": headers.get("x-amzn-requestid", ""),
        "HTTPStatusCode": response.status_code,
        "HTTPHeaders": headers,
    }
