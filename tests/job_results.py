"""Helpers for tests of jobs: they run the job functions and read the results from the bucket."""

import csv
import io
from typing import Any

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.dynamodb.table import Item
from chalicelib.jobs.runner import run_streamed_jobs, sweep_jobs
from tests.support import Person

PLENTY_MS = 240_000


def request_job(person: Person, path: str) -> str:
    """Request an export or a report; return the path of the job."""
    answer = person.post(path)
    assert answer.status_code == 202, answer.json_body
    return str(answer.headers["location"].rstrip("/"))


def run_streamed(*jobs: str, milliseconds: int = PLENTY_MS) -> int:
    """Run the jobs as the stream starts them; return the number of failed stream records.

    `jobs` are paths of jobs. The function has `milliseconds` left; each look at its clock takes
    one second.
    """
    time_left = iter(range(milliseconds, 0, -1000))
    records = [
        {"dynamodb": {"SequenceNumber": str(number), "Keys": {"PK": {"S": f"JOB#{_job_id(job)}"}}}}
        for number, job in enumerate(jobs)
    ]
    answer = run_streamed_jobs(records, now=now(), time_left=lambda: next(time_left, 0))
    return len(answer["batchItemFailures"])


def run_sweep(milliseconds: int = PLENTY_MS) -> dict[str, int]:
    """Run the sweep of jobs and return its outcome.

    The function has `milliseconds` left; each look at its clock takes one second.
    """
    time_left = iter(range(milliseconds, 0, -1000))
    return sweep_jobs(now(), lambda: next(time_left, 0))


def read_job(person: Person, job: str) -> dict[str, Any]:
    """Return the state of a job, given its path."""
    body: dict[str, Any] = person.get(job).json_body
    return body


def download_job_file(person: Person, job: str, name: str) -> bytes:
    """Return the content of a job's file, read at the key for which the API signs the link."""
    answer = person.get(f"{job}/download?file={name}")
    assert answer.status_code == 200, answer.json_body
    key = f"results/{_job_id(job)}/{name}"
    found = clients.s3_client().get_object(Bucket=settings.BUCKET_NAME, Key=key)
    body: bytes = found["Body"].read()
    assert f"{key}?" in answer.json_body["url"]
    return body


def parse_csv(raw: bytes) -> list[dict[str, str]]:
    """Parse a CSV file as a spreadsheet does."""
    csv.field_size_limit(2**20)
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def list_result_keys() -> list[str]:
    """Return the keys of all results and of all unfinished multipart uploads of results."""
    where = {"Bucket": settings.BUCKET_NAME, "Prefix": "results/"}
    objects = clients.s3_client().list_objects_v2(**where).get("Contents", [])
    uploads = clients.s3_client().list_multipart_uploads(**where).get("Uploads", [])
    return [found["Key"] for found in (*objects, *uploads)]


def list_job_keys() -> list[str]:
    """Return the partition keys of all jobs and job slots."""
    keys = (item["PK"]["S"] for item in Item._get_connection().scan()["Items"])
    return sorted(key for key in keys if key.startswith(("JOB#", "SLOT#")))


def _job_id(job: str) -> str:
    return job.rpartition("/")[2]
