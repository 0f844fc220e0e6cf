"""Compare the cost of a request in a large project with that in a small one.

The table is in DynamoDB Local: the local cloud's own would be slow with so many items. The sample
project of ten tasks is put there, and others whose tasks are copied until they are large.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import boto3

from bench.copies import Item, copy_tasks, put_items
from bench.instructions import FEW, MANY
from bench.proxy import serve_proxy
from bench.subjects import BENCH, Subject, create_sample
from infra.stage import ROOT
from localstack.dynamodb_local import run_dynamodb_local
from localstack.stack import Outputs, use_endpoint

SMALL, LARGE = 10, 100_000
SCENARIOS = (
    "get",
    "create",
    "status",
    *(
        f"list:limit=5&ordering={sign}{name}"
        for name in ("created_at", "due_date", "updated_at", "priority")
        for sign in ("", "-")
    ),
)
SNAPSHOT_LIST = "list:status=todo&ordering=due_date&limit=25"
SNAPSHOT_SIZES = (1_000, 10_000, LARGE)


# A scenario is measured again if the large project costs more than this.
TOLERANCE, ATTEMPTS = 1.02, 3


@dataclass(frozen=True)
class Cost:
    """The cost of one warm request."""

    instructions: int
    calls: float
    units: float


@dataclass(frozen=True)
class LargeTable:
    """The table in DynamoDB Local. `samples` has the ids of a project by size, `reminder_calls` the
    calls of a reminder run with the small projects only, and with all."""

    product: Subject
    dynamodb: str
    aws: str
    samples: dict[int, dict[str, str]]
    reminder_calls: dict[str, float] = field(default_factory=dict)

    def measure_sizes(self, scenario: str) -> dict[int, Cost]:
        """Return the costs of the scenario's request in the small and in the large project.

        On a busy machine DynamoDB Local may answer after the product's time-out; the retry takes
        instructions and calls. So a difference is measured again, and the cheapest run counts.
        """
        costs: dict[int, Cost] = {}
        for _ in range(ATTEMPTS):
            with ThreadPoolExecutor(2) as both:
                measured = both.map(lambda size: self.measure(scenario, size), (SMALL, LARGE))
            for size, cost in zip((SMALL, LARGE), measured, strict=True):
                costs[size] = min(costs.get(size, cost), cost, key=attrgetter("instructions"))
            if costs[LARGE].instructions <= costs[SMALL].instructions * TOLERANCE:
                break
        return costs

    def measure(self, scenario: str, size: int) -> Cost:
        """Return the cost of the scenario's request in the project of that size."""
        instructions, traffic = [], []
        with serve_proxy(self.dynamodb, self.aws) as proxy:
            subject = self._subject(size, proxy.address)
            for requests in (FEW, MANY):
                subject.run(scenario, 1)  # records the use of the token, for a minute
                with proxy.count() as counted:
                    instructions.append(subject.count(scenario, requests))
                traffic.append(counted)
        added = MANY - FEW
        difference = traffic[1].minus(traffic[0], added)
        count = (instructions[1] - instructions[0]) // added
        return Cost(count, difference["calls"], difference["units"])

    def count_reminder_calls(self) -> float:
        """Return the calls of a run of the function that sends reminders."""
        event = json.loads((ROOT / "events" / "send_reminders.json").read_text())
        event["time"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        traffic = []
        with serve_proxy(self.dynamodb, self.aws) as proxy:
            subject = self._subject(SMALL, proxy.address, event=json.dumps(event))
            subject.run("reminders", 1)  # without a watermark it looks two days back
            for runs in (1, 2):
                with proxy.count() as counted:
                    subject.run("reminders", runs)
                traffic.append(counted)
        return traffic[1].minus(traffic[0], 1)["calls"]

    def check(self, size: int) -> None:
        """Write counters and list snapshot of the project of that size, and check its lists."""
        with serve_proxy(self.dynamodb, self.aws) as proxy:
            subject = self._subject(size, proxy.address)
            command = [*subject.command[:-1], str(BENCH / "check_copies.py")]
            replace(subject, command=command).run(size)

    def _subject(self, size: int, address: str, **more: str) -> Subject:
        environment = self.product.environment | {
            "AWS_ENDPOINT_URL": address,
            "BENCH": json.dumps(self.samples[size] | more),
        }
        return replace(self.product, environment=environment)


@contextmanager
def fill_large_table(product: Subject, outputs: Outputs) -> Iterator[LargeTable]:
    """Run DynamoDB Local with projects of all sizes for the block."""
    aws, name = outputs["aws_endpoint"], outputs["table"]
    samples = {size: create_sample(outputs, tasks=SMALL) for size in (SMALL, *SNAPSHOT_SIZES)}
    with use_endpoint(aws):
        source = boto3.client("dynamodb")
        items = list(_scan(source, name))
        description = source.describe_table(TableName=name)["Table"]
    with run_dynamodb_local(is_long_lived=True) as address:
        with use_endpoint(address):
            _create_table(boto3.client("dynamodb"), description)
        put_items(address, name, items)
        table = LargeTable(product, address, aws, samples)
        calls_before = table.count_reminder_calls()
        for size in SNAPSHOT_SIZES:
            copy_tasks(address, name, items, samples[size]["project"], size)
            table.check(size)
            print(f"  a project of {size:,} tasks is filled and checked", flush=True)
        table.reminder_calls.update(small=calls_before, large=table.count_reminder_calls())
        yield table


def _scan(client: Any, table: str) -> Iterator[Item]:
    for page in client.get_paginator("scan").paginate(TableName=table):
        yield from page["Items"]


def _create_table(client: Any, description: Any) -> None:
    indexes = [
        {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}
        for index in description["GlobalSecondaryIndexes"]
    ]
    names = ("TableName", "KeySchema", "AttributeDefinitions")
    client.create_table(
        **{name: description[name] for name in names},
        GlobalSecondaryIndexes=indexes,
        BillingMode="PAY_PER_REQUEST",
    )
