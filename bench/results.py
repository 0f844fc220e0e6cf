"""Measured values and goals."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.growth import LARGE, SMALL, SNAPSHOT_LIST, SNAPSHOT_SIZES, Cost
from bench.growth import SCENARIOS as GROWTH_SCENARIOS

# Scenario -> its request, and the goal for its instructions as a share of the Django peer's.
SCENARIOS = {
    "get": ("GET /api/tasks/{task_id}", 0.2),
    "list": ("GET /api/tasks?project&status&limit=25", 0.2),
    "status": ("PATCH /api/tasks/{task_id}/status", 0.25),
    "create": ("POST /api/tasks", 0.25),
    "statistics": ("GET /api/tasks/statistics?project", 0.5),
}
# Scenario -> the goal for its sequential round trips.
ROUND_TRIPS = {
    "get": 1,
    "list": 1,
    "statistics": 1,
    "project": 1,
    "projects": 1,
    "status": 2,
    "create": 2,
}
FIRST_ANSWER_GOAL = 0.5
IMPORT_GOAL = 500_000_000
OPENED_GOAL = 400
ZIP_GOAL = 3_000_000
MEMORY_GOAL = 0.5  # of a process that imports everything
CONNECTIONS_GOAL = 2
GROWTH_GOAL = 1.02
SNAPSHOT_GOAL = 3.0
UNITS_PER_PURGED_TASK_GOAL = 1.1
ZIP_REASON = "Markdown, boto3 and the pages of the API documentation are larger (decision 0046)"
CONNECTIONS_REASON = "each of the reads that are sent together needs one (decision 0045)"
PURGE_REASON = "each item and each index entry costs a unit (data model)"


@dataclass(frozen=True)
class Row:
    """One goal: the measured value must not exceed it. `reason` says why one cannot be met."""

    name: str
    measured: float
    goal: float
    reason: str | None = None

    @property
    def is_met(self) -> bool:
        return self.measured <= self.goal

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "measured": self.measured,
            "goal": self.goal,
            "met": self.is_met,
            **({"reason": self.reason} if self.reason and not self.is_met else {}),
        }


@dataclass
class Results:
    """The counts of one run. `warm` has instructions of one request by scenario and subject."""

    python: str
    warm: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    # Instructions from the start of the process: to the first answer, and to the imported app.
    first: dict[str, int] = field(default_factory=dict)
    imported: dict[str, int] = field(default_factory=dict)
    cold_start: dict[str, int] = field(default_factory=dict)
    eager: dict[str, int] = field(default_factory=dict)
    zip_bytes: int = 0
    # By scenario; `connections` is that of the process with the most.
    round_trips: dict[str, float] = field(default_factory=dict)
    connections: int = 0
    # Scenario -> size of the project -> cost of a request.
    growth: dict[str, dict[int, Cost]] = field(default_factory=lambda: defaultdict(dict))
    reminder_calls: dict[str, float] = field(default_factory=dict)
    units_per_purged_task: float = 0

    def list_rows(self) -> list[Row]:
        """Return the goals of the measured parts, in the order of the page."""
        rows = [
            *(self._list_request_rows() if self.warm else ()),
            *(
                Row(f"sequential round trips of `{name}`", trips, ROUND_TRIPS[name])
                for name, trips in self.round_trips.items()
            ),
        ]
        if self.round_trips:
            name = "connections of a process"
            rows.append(Row(name, self.connections, CONNECTIONS_GOAL, CONNECTIONS_REASON))
        if self.growth:
            rows += self._list_growth_rows()
        if self.units_per_purged_task:
            units = self.units_per_purged_task
            goal, reason = UNITS_PER_PURGED_TASK_GOAL, PURGE_REASON
            rows.append(Row("write units to purge a task", units, goal, reason))
        return rows

    def _list_request_rows(self) -> Iterator[Row]:
        for scenario, (request, goal) in SCENARIOS.items():
            counts = self.warm[scenario]
            share = round(counts["product"] / counts["django"], 3)
            yield Row(f"{request}, share of Django", share, goal)
        first = round(self.first["product"] / self.first["django"], 3)
        memory = round(self.cold_start["memory"] / self.eager["memory"], 3)
        yield Row("start to the first answer, share of Django", first, FIRST_ANSWER_GOAL)
        yield Row("import of the app, instructions", self.imported["product"], IMPORT_GOAL)
        yield Row("source files compiled at a cold start", self.cold_start["compiled"], 0)
        yield Row("files opened at a cold start", self.cold_start["opened"], OPENED_GOAL)
        yield Row("memory after the first answer, share of eager imports", memory, MEMORY_GOAL)
        yield Row("bytes of the zip", self.zip_bytes, ZIP_GOAL, ZIP_REASON)

    def _list_growth_rows(self) -> Iterator[Row]:
        for name in GROWTH_SCENARIOS:
            small, large = self.growth[name][SMALL], self.growth[name][LARGE]
            share = round(large.instructions / small.instructions, 3)
            yield Row(f"`{name}` at {LARGE:,} tasks, instructions / at {SMALL}", share, GROWTH_GOAL)
            yield Row(f"`{name}` at {LARGE:,} tasks, calls", large.calls, small.calls)
            yield Row(f"`{name}` at {LARGE:,} tasks, units", large.units, small.units)
        costs = self.growth[SNAPSHOT_LIST]
        share = round(
            costs[SNAPSHOT_SIZES[-1]].instructions / costs[SNAPSHOT_SIZES[0]].instructions, 3
        )
        yield Row("list from the snapshot, 100,000 tasks / 1,000", share, SNAPSHOT_GOAL)
        yield Row(
            "calls of a reminder run, large table / small",
            self.reminder_calls["large"] / self.reminder_calls["small"],
            1,
        )

    def to_json(self) -> dict[str, Any]:
        """Return all counts and goals as they are written to results.json."""
        return {
            "python": self.python,
            "instructions_per_request": self.warm,
            "instructions_to_first_answer": self.first,
            "instructions_of_import": self.imported,
            "cold_start": self.cold_start,
            "eager_start": self.eager,
            "zip_bytes": self.zip_bytes,
            "round_trips": self.round_trips,
            "connections": self.connections,
            "growth": {
                scenario: {str(size): asdict(cost) for size, cost in costs.items()}
                for scenario, costs in self.growth.items()
            },
            "calls_of_reminder_run": self.reminder_calls,
            "write_units_per_purged_task": self.units_per_purged_task,
            "goals": [row.to_json() for row in self.list_rows()],
        }
