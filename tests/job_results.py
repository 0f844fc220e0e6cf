"""What tests of jobs share: workers with time enough, and what a job has left in the bucket."""

import csv
import io
from typing import Any

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.dynamodb.table import Item
from chalicelib.jobs.runner import run_streamed_jobs, sweep_jobs
from tests.support import Person

PLENTY = 240_000


def swept(milliseconds: int = PLENTY) -> dict[str, int]:
    """A sweep of a worker that has so long; each look at its clock takes it a second."""
    left = iter(range(milliseconds, 0, -1000))
    return sweep_jobs(now(), lambda: next(left, 0))


def asked(person: Person, place: str) -> str:
    """Ask for an export or a report; where its state can be read."""
    answer = person.post(place)
    assert answer.status_code == 202, answer.json_body
    return str(answer.headers["location"].rstrip("/"))


def state(person: Person, job: str) -> dict[str, Any]:
    body: dict[str, Any] = person.get(job).json_body
    return body


def fetched(person: Person, job: str, name: str) -> bytes:
    """The bytes of one of a job's files, at the key that the link is for."""
    answer = person.get(f"{job}/download?file={name}")
    assert answer.status_code == 200, answer.json_body
    body: bytes = _object(f"results/{_id(job)}/{name}")
    assert f"results/{_id(job)}/{name}?" in answer.json_body["url"]
    return body


def sheet(raw: bytes) -> list[dict[str, str]]:
    """A CSV file as a spreadsheet reads it."""
    csv.field_size_limit(2**20)
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def left_in_bucket() -> list[str]:
    """The keys of all results, and of uploads that nobody finished."""
    where = {"Bucket": settings.BUCKET_NAME, "Prefix": "results/"}
    keys = [
        line["Key"] for line in clients.s3_client().list_objects_v2(**where).get("Contents", [])
    ]
    return keys + [
        u["Key"] for u in clients.s3_client().list_multipart_uploads(**where).get("Uploads", [])
    ]


def job_rows() -> list[str]:
    """The keys of all jobs and slots."""
    found = (item["PK"]["S"] for item in Item._get_connection().scan()["Items"])
    return sorted(key for key in found if key.startswith(("JOB#", "SLOT#")))


def _object(key: str) -> bytes:
    body: bytes = (
        clients.s3_client().get_object(Bucket=settings.BUCKET_NAME, Key=key)["Body"].read()
    )
    return body


def begun(*jobs: str, milliseconds: int = PLENTY) -> int:
    """The stream says that jobs were asked for; how many records come back as failed."""
    left = iter(range(milliseconds, 0, -1000))
    records = [
        {"dynamodb": {"SequenceNumber": str(number), "Keys": {"PK": {"S": f"JOB#{_id(job)}"}}}}
        for number, job in enumerate(jobs)
    ]
    answer = run_streamed_jobs(records, now=now(), time_left=lambda: next(left, 0))
    return len(answer["batchItemFailures"])


def _id(job: str) -> str:
    return job.rpartition("/")[2]
