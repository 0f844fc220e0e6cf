"""Jobs, their slots, and leases on work that one function does at a time.

A job goes from `waiting` to `running` and ends as `done` or `failed`. One that works on a file is
`uploading` first. From `waiting` until it ends, its slot exists too, so a person has at most one
job of each kind and subject at once. The results of a job are in the bucket under
`results/<job id>/`. The job item outlives these objects, so a crash never leaves objects that no
item knows of.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.table import Item, Key, get_item
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, Put, Update, Write, transact

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
# Of a job that works on a file: until the file is uploaded and the job is started.
UPLOADING = "uploading"
# Longer than a job runner may run, so that a slow one never works beside a second one.
JOB_LEASE = timedelta(minutes=6)
RESULTS_KEPT_FOR = timedelta(days=7)
UPLOAD_FOR = timedelta(hours=24)
# Time-to-live removes items that the sweep should have removed long ago.
JOB_KEPT_FOR = timedelta(days=14)
# Longer than any function that takes a lease may run.
LEASE_DURATION = timedelta(minutes=6)
# The progress while the files are completed.
LAST_PERCENT = 99


class Job(Item):
    """One job. `about` holds its parameters. `position` and `files` are its progress and change
    together: where the next step starts and what is written of each file. `turn` counts the claims,
    `attempts` the claims since the last progress. A position can have a `total` of tasks and the
    number that are `read`."""

    kind = UnicodeAttribute()
    subject = UnicodeAttribute()
    asked_by = UnicodeAttribute()
    about = JSONAttribute(default=dict)
    status = UnicodeAttribute(default=WAITING)
    reason = UnicodeAttribute(null=True)
    position = JSONAttribute(default=dict)
    files = JSONAttribute(default=dict)
    turn = NumberAttribute(default=0)
    attempts = NumberAttribute(default=0)
    leased_until = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    finished_at = UnicodeAttribute(null=True)
    kept_until = UnicodeAttribute(null=True)

    @staticmethod
    def key(job_id: str) -> "Key[Job]":
        return Key(Job, f"JOB#{job_id}", "JOB")

    @property
    def id(self) -> str:
        return self.PK.removeprefix("JOB#")

    @property
    def is_over(self) -> bool:
        return self.status in (DONE, FAILED)


class JobSlot(Item):
    """The slot of an unfinished job: one for each kind, subject and person."""

    job_id = UnicodeAttribute()

    @staticmethod
    def key(kind: str, subject: str, asked_by: str) -> "Key[JobSlot]":
        return Key(JobSlot, f"SLOT#{kind}#{subject}#{asked_by}", "SLOT")


class Lease(Item):
    """A lease on work that has no item of its own to hold one."""

    leased_until = UnicodeAttribute()

    @staticmethod
    def key(name: str) -> "Key[Lease]":
        return Key(Lease, f"LEASE#{name}", "LEASE")


def new_job(
    kind: str,
    subject: str,
    asked_by: str,
    about: Mapping[str, Any],
    now: datetime,
    job_id: str = "",
) -> Job:
    """Return a job that waits, without storing it; `create_job_writes` returns its writes.

    `subject` is the id of the project or account that the job is about, `asked_by` a user id and
    `about` the parameters. Without a `job_id` the job gets a new id.
    """
    key = Job.key(job_id or new_id(now))
    index_keys = time_index.build_keys("job", format_timestamp(now), key.pk)
    job = Job(key.pk, key.sk, kind=kind, subject=subject, asked_by=asked_by, about=dict(about))
    job.created_at, job.expires_at = format_timestamp(now), to_epoch_seconds(now + JOB_KEPT_FOR)
    job.wake_key, job.wake_at = str(index_keys["wake_key"]), str(index_keys["wake_at"])
    return job


def create_job_writes(job: Job) -> tuple[Put, Put]:
    """Return the writes of a new job. The first one takes its slot, which fails while another job
    holds it."""
    key = JobSlot.key(job.kind, job.subject, job.asked_by)
    return Put(JobSlot(key.pk, key.sk, job_id=job.id)), Put(job)


def await_upload_write(job: Job, now: datetime) -> Put:
    """Return the write of a new job that waits for a file, for a day. It has no slot yet."""
    job.status = UPLOADING
    due_at = format_timestamp(now + UPLOAD_FOR)
    index_keys = time_index.build_keys("job", due_at, job.PK)
    job.wake_key, job.wake_at = str(index_keys["wake_key"]), str(index_keys["wake_at"])
    return Put(job)


def start_job_writes(job: Job, now: datetime) -> tuple[Put, Update]:
    """Return the writes that start a job whose file is uploaded. The first one takes its slot,
    which fails while another job holds it; the second fails if the job was started or is over."""
    key = JobSlot.key(job.kind, job.subject, job.asked_by)
    index_keys = time_index.build_keys("job", format_timestamp(now), job.PK)
    values = {"status": WAITING, **index_keys}
    actions = tuple(set_or_remove(Job, name, value) for name, value in values.items())
    start = Update(Job.key(job.id), actions, Job.status == UPLOADING)
    return Put(JobSlot(key.pk, key.sk, job_id=job.id)), start


def find_slot_holder(failed: ConditionFailed) -> Job | None:
    """Return the job that holds the slot which a failed write wanted, or None when it is gone.

    Raises `failed` itself when the failed write was not that of a slot.
    """
    if not isinstance(failed.write, Put) or not isinstance(failed.write.item, JobSlot):
        raise failed
    return get_job(JobSlot.from_raw_data(failed.item).job_id) if failed.item else None


def get_job(job_id: str) -> Job | None:
    """Return the job, or None if it does not exist."""
    return get_item(Job.key(job_id))


def claim_job(job_id: str, now: datetime) -> Job | None:
    """Lease the job for `JOB_LEASE` and return it.

    Returns None when the job is over or another runner holds its lease.
    """
    lease = format_timestamp(now + JOB_LEASE)
    actions = (
        Job.leased_until.set(lease),
        Job.status.set(RUNNING),
        Job.turn.add(1),
        Job.attempts.add(1),
    )
    condition = Job.status.is_in(WAITING, RUNNING) & is_lease_free(Job.leased_until, now)
    try:
        transact(Update(Job.key(job_id), actions, condition))
    except ConditionFailed:
        return None
    job = get_job(job_id)
    return job if job is not None and job.leased_until == lease else None


def advance_job(job: Job, position: Mapping[str, Any], files: Mapping[str, Any]) -> None:
    """Store the progress of a job. Raises `ConditionFailed` when the caller lost the lease."""
    job.position, job.files = dict(position), dict(files)
    actions = (
        Job.position.set(job.position),
        Job.files.set(job.files),
        Job.attempts.set(0),
    )
    transact(Update(Job.key(job.id), actions, _is_leased_by(job)))


def release_job(job: Job) -> None:
    """Give up the lease, so that the next sweep continues the job.

    Raises `ConditionFailed` when the caller lost the lease.
    """
    transact(Update(Job.key(job.id), (Job.leased_until.remove(),), _is_leased_by(job)))


def finish_job(
    job: Job,
    now: datetime,
    *writes: Write,
    files: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """End a job and free its slot, in one transaction with `writes`.

    The job is `done` with `files`, or `failed` when there is a `reason`. It becomes due again when
    its results are to be removed. Raises `ConditionFailed` when the caller lost the lease.
    """
    kept_until = format_timestamp(now + RESULTS_KEPT_FOR)
    values = {
        "status": FAILED if reason else DONE,
        "reason": reason,
        "files": dict(files or {}),
        "finished_at": format_timestamp(now),
        "kept_until": kept_until,
        "leased_until": None,
        "expires_at": to_epoch_seconds(now + JOB_KEPT_FOR),
        **time_index.build_keys("job", kept_until, job.PK),
    }
    actions = tuple(set_or_remove(Job, name, value) for name, value in values.items())
    slot = JobSlot.key(job.kind, job.subject, job.asked_by)
    transact(
        Update(Job.key(job.id), actions, _is_leased_by(job)),
        Delete(slot, JobSlot.PK.does_not_exist() | (JobSlot.job_id == job.id)),
        *writes,
    )


def _is_leased_by(job: Job) -> Condition:
    """The stored job still has the lease with which `job` was claimed; nobody claims one that is
    `uploading`."""
    condition: Condition = Job.leased_until == job.leased_until
    if job.status == UPLOADING:
        condition = Job.status == UPLOADING
    return condition


def compute_progress(job: Job) -> int | None:
    """Return how many percent of the job are done.

    100 means that the files are there. None when the job failed, or when it does not count tasks.
    """
    if job.status == DONE:
        return 100
    if job.status in (UPLOADING, WAITING):
        return 0
    if job.status == RUNNING and "end" in job.position:
        return LAST_PERCENT
    if job.status == FAILED or "total" not in job.position:
        return None
    # Tasks that are created meanwhile are read too.
    percent = 100 * int(job.position["read"]) // max(1, int(job.position["total"]))
    return min(LAST_PERCENT, percent)


def is_result_expired(job: Job, now: datetime) -> bool:
    """Return whether the job is over and its results have been kept long enough."""
    return job.kept_until is not None and parse_timestamp(job.kept_until) <= now


def delete_job(job: Job) -> None:
    """Delete the job item."""
    transact(Delete(Job.key(job.id)))


def take_lease(name: str, now: datetime) -> Lease | None:
    """Lease the work called `name` for `LEASE_DURATION`; None while another function holds it."""
    key, until = Lease.key(name), now + LEASE_DURATION
    lease = Lease(
        key.pk, key.sk, leased_until=format_timestamp(until), expires_at=to_epoch_seconds(until)
    )
    try:
        transact(Put(lease, is_lease_free(Lease.leased_until, now)))
    except ConditionFailed:
        return None
    return lease


def release_lease(lease: Lease) -> None:
    """Give up a lease. A lease that ran out may belong to another function; that one stays."""
    unchanged = Lease.leased_until == lease.leased_until
    try:
        transact(Delete(Key(Lease, lease.PK, lease.SK), unchanged))
    except ConditionFailed:
        return


def is_lease_free(leased_until: UnicodeAttribute, now: datetime) -> Condition:
    """Return the condition that no lease is stored in the attribute, or that it ran out."""
    expired = leased_until < format_timestamp(now)
    condition: Condition = leased_until.does_not_exist() | expired
    return condition
