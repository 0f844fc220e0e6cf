"""The report of a load test: unintended responses, and acknowledged writes that are missing."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

# Refusals that are part of the mix: a task that another client changed (409, 412), and the limits
# of requests (429).
REFUSALS = {409, 412, 429}
Line = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """The lines of all clients, and the times of the kill.

    The saved state contains every change that was acknowledged before `saved`. From `killed` to
    `restarted` there was no cloud. `outages` are the begin and the end of each other time in which
    health checks of the cloud failed, because the machine was busy: then 503 is intended.
    """

    lines: Sequence[Line]
    saved: float
    killed: float
    restarted: float
    outages: Sequence[tuple[float, float]] = ()

    @property
    def errors(self) -> list[Line]:
        """The requests with a response that is not intended."""
        return [line for line in self.lines if not self._is_intended(line)]

    def was_served_after_restart(self) -> bool:
        """Return whether a request that began after the restart succeeded."""
        return any(
            line["at"] - line["seconds"] > self.restarted and line["status"] < 300
            for line in self.lines
        )

    def _is_intended(self, line: Line) -> bool:
        status = line["status"]
        if 200 <= status < 300 or status in REFUSALS:
            return True
        if status == 503:
            began, ended = line["at"] - line["seconds"], line["at"]
            outages = [(self.killed, self.restarted + 1), *self.outages]
            return any(began <= until and ended >= since for since, until in outages)
        return bool(status == 404 and line["at"] >= self.killed and self._was_lost(line))

    def _was_lost(self, line: Line) -> bool:
        """Return whether the task of a request was written too late to be saved."""
        return any(task in line["path"] for task in self._unsaved)

    @property
    def _unsaved(self) -> set[str]:
        return {
            line["task"] for line in self._writes() if self.saved <= line["at"] <= self.restarted
        }

    def _writes(self) -> Iterable[Line]:
        """Return the acknowledged writes of tasks."""
        kinds = ("create", "create again", "change", "change at version", "trash", "restore")
        return (line for line in self.lines if line["kind"] in kinds and line["status"] < 300)

    def find_missing(self, rows: Iterable[Any]) -> list[str]:
        """Describe the acknowledged writes that must be stored, and are not.

        Those between the save and the restart may be lost.
        """
        versions = {
            row["SK"]["S"].partition("#")[2]: int(row["version"]["N"])
            for row in rows
            if row["SK"]["S"].startswith(("TASK#", "TRASH#"))
        }
        expected: dict[str, int] = {}
        for line in self._writes():
            if line["at"] < self.saved or line["at"] > self.restarted:
                expected[line["task"]] = max(expected.get(line["task"], 0), line["version"])
        return [
            f"task {task}: version {version} was acknowledged, {versions.get(task)} is stored"
            for task, version in expected.items()
            if versions.get(task, -1) < version
        ]

    def describe(self, memory: Sequence[float]) -> str:
        """Return the figures of the run in one line."""
        statuses = Counter(line["status"] for line in self.lines)
        times = sorted(line["seconds"] for line in self.lines if line["status"] < 300)
        lost = sum(self.saved <= line["at"] <= self.killed for line in self._writes())
        others = [
            (since, until)
            for since, until in self.outages
            if until < self.killed or since > self.restarted + 1
        ]
        return (
            f"{len(self.lines):,} requests, {dict(sorted(statuses.items()))}; "
            f"half within {statistics.median(times) * 1000:.0f} ms, 99 of 100 within "
            f"{times[len(times) * 99 // 100] * 1000:.0f} ms; {lost} writes between save and kill; "
            f"{len(others)} other outages of the cloud; "
            f"memory of the API {memory[len(memory) // 4]:.0f} to {memory[-1]:.0f} MB"
        )
