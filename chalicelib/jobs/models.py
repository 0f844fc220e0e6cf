"""Long work: a row that says what is asked for, how far it is, and who is at it.

`waiting` -> `running` -> `done` or `failed`. While a job is not over, its slot stands too, so that
nobody has two of the same kind at once. What a job makes is in the bucket, under
`results/<job id>/`; the row outlives its objects, so that no crash leaves one that nobody knows.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.table import Item, Key, get_item, set_or_remove
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, Put, Update, Write, transact

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
# Longer than a function that works may run, so that a slow one never meets a second one.
JOB_LEASE = timedelta(minutes=6)
RESULTS_KEPT_FOR = timedelta(days=7)
# Time-to-live takes what the sweep should have removed long ago.
JOB_KEPT_FOR = timedelta(days=14)


class Job(Item):
    """`about` is what was asked for; `position` and `files` are how far the work is and what of
    each file is written, together. `turn` counts claims, `attempts` those without an advance."""

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
    """The place that one job at a time may have."""

    job_id = UnicodeAttribute()

    @staticmethod
    def key(kind: str, subject: str, asked_by: str) -> "Key[JobSlot]":
        return Key(JobSlot, f"SLOT#{kind}#{subject}#{asked_by}", "SLOT")


def new_job(
    kind: str,
    subject: str,
    asked_by: str,
    about: Mapping[str, Any],
    now: datetime,
    job_id: str = "",
) -> Job:
    """A job to be; `asked` writes it."""
    key = Job.key(job_id or new_id(now))
    waking = time_index.build_keys("job", format_timestamp(now), key.pk)
    job = Job(key.pk, key.sk, kind=kind, subject=subject, asked_by=asked_by, about=dict(about))
    job.created_at, job.expires_at = format_timestamp(now), to_epoch_seconds(now + JOB_KEPT_FOR)
    job.wake_key, job.wake_at = str(waking["wake_key"]), str(waking["wake_at"])
    return job


def create_job_writes(job: Job) -> tuple[Put, Put]:
    """The writes of a new job, its slot first: that is taken while another one is not over."""
    return Put(_slot(job)), Put(job)


def _slot(job: Job) -> JobSlot:
    key = JobSlot.key(job.kind, job.subject, job.asked_by)
    return JobSlot(key.pk, key.sk, job_id=job.id)


def find_slot_holder(failed: ConditionFailed) -> Job | None:
    """The job that has the slot which the failed write wanted."""
    if not isinstance(failed.write, Put) or not isinstance(failed.write.row, JobSlot):
        raise failed
    return get_job(JobSlot.from_raw_data(failed.row).job_id) if failed.row else None


def list_streamed_jobs(records: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The jobs that a batch of the table's stream speaks of: sequence number and job id."""
    for record in records:
        change = record["dynamodb"]
        yield change["SequenceNumber"], change["Keys"]["PK"]["S"].removeprefix("JOB#")


def get_job(job_id: str) -> Job | None:
    return get_item(Job.key(job_id))


def claim_job(job_id: str, now: datetime) -> Job | None:
    """The job, ours alone until the lease ends; None if it is over or somebody else's."""
    lease = format_timestamp(now + JOB_LEASE)
    free = Job.leased_until.does_not_exist() | (Job.leased_until < format_timestamp(now))
    actions = (
        Job.leased_until.set(lease),
        Job.status.set(RUNNING),
        Job.turn.add(1),
        Job.attempts.add(1),
    )
    try:
        transact(Update(Job.key(job_id), actions, Job.status.is_in(WAITING, RUNNING) & free))
    except ConditionFailed:
        return None
    job = get_job(job_id)
    return job if job is not None and job.leased_until == lease else None


def advance_job(job: Job, position: Mapping[str, Any], files: Mapping[str, Any]) -> None:
    """Write down how far we are. Raises `ConditionFailed` when the job is not ours any more."""
    job.position, job.files = dict(position), dict(files)
    actions = (
        Job.position.set(job.position),
        Job.files.set(job.files),
        Job.attempts.set(0),
    )
    transact(Update(Job.key(job.id), actions, _ours(job)))


def release_job(job: Job) -> None:
    """Let the next sweep go on."""
    transact(Update(Job.key(job.id), (Job.leased_until.remove(),), _ours(job)))


def finish_job(job: Job, now: datetime, *writes: Write, reason: str | None = None) -> None:
    """The job is over, as failed if there is a `reason`; `writes` are what it causes. It sleeps
    until its results are to be removed."""
    until = format_timestamp(now + RESULTS_KEPT_FOR)
    values = {
        "status": FAILED if reason else DONE,
        "reason": reason,
        "finished_at": format_timestamp(now),
        "kept_until": until,
        "leased_until": None,
        "expires_at": to_epoch_seconds(now + JOB_KEPT_FOR),
        **time_index.build_keys("job", until, job.PK),
    }
    actions = tuple(set_or_remove(Job, name, value) for name, value in values.items())
    slot = JobSlot.key(job.kind, job.subject, job.asked_by)
    transact(
        Update(Job.key(job.id), actions, _ours(job)),
        Delete(slot, JobSlot.PK.does_not_exist() | (JobSlot.job_id == job.id)),
        *writes,
    )


def is_result_expired(job: Job, now: datetime) -> bool:
    """Whether the job is over and its results have been kept long enough."""
    return job.kept_until is not None and parse_timestamp(job.kept_until) <= now


def delete_job(job: Job) -> None:
    transact(Delete(Job.key(job.id)))


def _ours(job: Job) -> Any:
    return Job.leased_until == job.leased_until


# Longer than any function that takes one may run, so that a slow one never meets a second one.
LEASE_DURATION = timedelta(minutes=6)


class Lease(Item):
    leased_until = UnicodeAttribute()

    @staticmethod
    def key(what: str) -> "Key[Lease]":
        return Key(Lease, f"LEASE#{what}", "LEASE")


def take_lease(what: str, now: datetime) -> Lease | None:
    """The work, ours alone until the lease ends; None while it is somebody else's."""
    key, until = Lease.key(what), now + LEASE_DURATION
    lease = Lease(
        key.pk, key.sk, leased_until=format_timestamp(until), expires_at=to_epoch_seconds(until)
    )
    free = Lease.PK.does_not_exist() | (Lease.leased_until < format_timestamp(now))
    try:
        transact(Put(lease, free))
    except ConditionFailed:
        return None
    return lease


def release_lease(lease: Lease) -> None:
    """Let the next one begin at once. One that has run out may be another's by now."""
    ours = Lease.leased_until == lease.leased_until
    try:
        transact(Delete(Key(Lease, lease.PK, lease.SK), ours))
    except ConditionFailed:
        return
