"""Every call about files with every fault at every request that it sends to S3."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.retries.standard import ExponentialBackoff

from chalicelib.attachments.upload_lifecycle import expire_uploads
from chalicelib.aws import clients
from chalicelib.clock import now
from tests.attachment_files import (
    attachment_path,
    check_agreement,
    create_attachment,
    put_upload,
    upload_attachment,
    upload_parts,
)
from tests.faults import build_response, event_hook
from tests.proof.checkers import find_file_violations
from tests.proof.test_every_call import OUTAGE_SECONDS
from tests.support import Person

LARGE = 9 * 2**20
PARTS = {"numbers": [1]}

# Makes what the call needs, and returns its method, path and body.
Prepare = Callable[[Person, str], tuple[Any, ...]]


def _complete(ann: Person, task: str) -> tuple[Any, ...]:
    attachment = create_attachment(ann, task)
    put_upload(attachment)
    return "POST", attachment_path(attachment, "/complete")


def _start_parts(ann: Person, task: str) -> tuple[Any, ...]:
    return "POST", attachment_path(create_attachment(ann, task, size=LARGE), "/parts"), PARTS


def _list_parts(ann: Person, task: str) -> tuple[Any, ...]:
    _, path, _ = _start_parts(ann, task)
    ann.post(path, PARTS)
    return "GET", path


def _complete_parts(ann: Person, task: str) -> tuple[Any, ...]:
    attachment = create_attachment(ann, task, size=LARGE)
    ann.post(attachment_path(attachment, "/parts"), PARTS)
    upload_parts(attachment)
    return "POST", attachment_path(attachment, "/complete")


def _delete(ann: Person, task: str) -> tuple[Any, ...]:
    return "DELETE", attachment_path(upload_attachment(ann, task))


def _delete_unfinished(ann: Person, task: str) -> tuple[Any, ...]:
    attachment = create_attachment(ann, task, size=LARGE)
    ann.post(attachment_path(attachment, "/parts"), PARTS)
    return "DELETE", attachment_path(attachment)


def _be_silent(request: Any) -> AWSResponse:
    raise ReadTimeoutError(endpoint_url=request.url)


def _answer(status: int, code: str) -> Callable[[Any], AWSResponse]:
    body = f"<Error><Code>{code}</Code><Message>x</Message></Error>".encode()
    return lambda request: build_response(request, body, status)


# The fault, and whether it happens to all later requests too.
FAULTS: dict[str, tuple[Callable[[Any], AWSResponse], bool]] = {
    "slow down once": (_answer(503, "SlowDown"), False),
    "an internal error once": (_answer(500, "InternalError"), False),
    "silent once": (_be_silent, False),
    "slow down from then on": (_answer(503, "SlowDown"), True),
    "internal errors from then on": (_answer(500, "InternalError"), True),
    "silent from then on": (_be_silent, True),
}
CALLS = [
    _complete,
    _delete,
    _delete_unfinished,
    pytest.param(_start_parts, marks=pytest.mark.proof),
    pytest.param(_list_parts, marks=pytest.mark.proof),
    pytest.param(_complete_parts, marks=pytest.mark.proof),
]


def _prepare(prepare: Prepare, ann: Person) -> tuple[Any, ...]:
    """Return a call about a task in a new project: the storage of a project is limited."""
    return prepare(ann, ann.create_task(ann.create_project())["id"])


@contextmanager
def _s3_fault_at(call: int, act: Callable[[Any], AWSResponse], stays: bool) -> Iterator[list[int]]:
    """Let a fault happen at a request to S3; the list has the numbers of all requests."""
    requests: list[int] = []

    def on_request(request: Any, **_: Any) -> AWSResponse | None:
        requests.append(len(requests) + 1)
        happens = len(requests) == call or (stays and len(requests) > call)
        return act(request) if happens else None

    with (
        event_hook(clients.s3_client(), "before-send.s3", on_request),
        patch.object(ExponentialBackoff, "delay_amount", return_value=0),
    ):
        yield requests


@pytest.mark.parametrize("prepare", CALLS)
def test_no_fault_of_s3_leaves_a_call_half_done(
    ann: Person, prepare: Prepare, record_property: Callable[[str, object], None]
) -> None:
    clean = ann.call(*_prepare(prepare, ann)).status_code
    points = 0
    for name, (act, stays) in FAULTS.items():
        for number in itertools.count(1):
            request = _prepare(prepare, ann)
            with _s3_fault_at(number, act, stays) as requests:
                answer = ann.call(*request)
            if len(requests) < number:
                break
            points += 1
            case = f"{name}, at request {number}: {answer.status_code}"
            assert answer.status_code == (503 if stays else clean), case
            waited = (len(requests) - number + 1) * clients.READ_SECONDS
            assert not stays or waited <= OUTAGE_SECONDS, case
            # A file that is being deleted is not found any more; a tick completes the deletion.
            allowed = {404} if request[0] == "DELETE" else {clean}
            assert ann.call(*request).status_code in allowed, f"{case}, when repeated"
            assert find_file_violations() == [], case
    expire_uploads(now() + timedelta(minutes=30))
    assert set(check_agreement().values()) <= {"pending", "ready"}
    record_property("cases", points)
