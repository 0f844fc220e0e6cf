"""Rules about what happens later: schedules and the stream."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from chalicelib.attachments.upload_lifecycle import expire_uploads
from chalicelib.clock import now
from chalicelib.jobs.tick import run_tick
from chalicelib.mail.jobs import sweep_outbox
from tests.faults import Killed
from tests.job_results import run_sweep
from tests.proof.faults import FAULTS, fault_at
from tests.proof.simulation.base import FAULT, NAMES, Fault, Simulation
from tests.proof.simulation.table_changes import Record
from tests.support import sign_up

TASK_KINDS = ("TASK#", "TRASH#", "MEMBER#", "LABEL#")
LOG_IN_AGAIN_AFTER = timedelta(minutes=7)


class ScheduleRules(Simulation):
    """Time passes, schedules run, and the stream delivers."""

    @rule(minutes=st.integers(1, 4), fault=FAULT)
    def tick(self, minutes: int, fault: Fault) -> None:
        """Time passes, and the schedules run; one of them may die or fail."""
        self.clock.shift(timedelta(minutes=minutes))
        if fault is not None:
            with fault_at(FAULTS[fault[0]], fault[1] * 3):
                self._survive(self._run_schedules)
        self._run_schedules()
        if now() - self.logged_in_at >= LOG_IN_AGAIN_AFTER:
            self.logged_in_at, self.ended = now(), []
            self.people = {name: sign_up(self.client, name) for name in NAMES}

    @rule(fault=FAULT)
    def deliver_stream(self, fault: Fault) -> None:
        """The stream delivers; if the function fails or dies, it delivers again."""
        records = self.changes.take_records()
        if fault is not None:
            with fault_at(FAULTS[fault[0]], fault[1]):
                self._survive(lambda: self._deliver(records))
        self._deliver(records)

    def _run_schedules(self) -> None:
        run_tick(now())
        sweep_outbox(now())
        run_sweep()
        expire_uploads(now())

    def _survive(self, act: Callable[[], Any]) -> None:
        with suppress(Killed, Exception):  # an outage ends a function, as on AWS
            act()

    def _deliver(self, records: list[Record]) -> None:
        mails = [record for record in records if _is_new_mail(record)]
        others = [record for record in records if _is_followed(record)]
        if mails:
            self.invoke("dispatch_mail", {"Records": mails})
        if others:
            self.invoke("follow_changes", {"Records": others})


def _is_new_mail(record: Record) -> bool:
    return record["eventName"] == "INSERT" and _keys(record)[0].startswith("OUTBOX#")


def _is_followed(record: Record) -> bool:
    """Return whether the event filters of `infra/resources.yaml` select the record."""
    pk, sk = _keys(record)
    if pk.startswith("PROJECT#"):
        return sk.startswith(TASK_KINDS)
    return pk.startswith("TASK#") and sk.startswith("COMMENT#")


def _keys(record: Record) -> tuple[str, str]:
    keys = record["dynamodb"]["Keys"]
    return keys["PK"]["S"], keys["SK"]["S"]
