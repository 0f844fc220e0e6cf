"""10,000 reminders, one dispatcher in twenty killed at a random call, schedules that come twice and
not at all: `python -m bench.reminders [how many]`. The table is in DynamoDB Local, SES in moto."""

import os
import sys
import time
from datetime import datetime, timedelta

os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"

from tests import conftest  # noqa: I001  (sets the environment that the app is imported in)
from app import app
from chalice.test import Client
from chalicelib.clock import now
from chalicelib.domain import mailing
from moto import mock_aws
from tests.dynamodb_local import dynamodb_local, table_at
from tests.storm import storm
from tests.support import (
    all_rows,
    make_cloud,
    put_copies,
    quota_of,
    sign_up,
    ticked_lately,
)

SHARE = 0.05


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with mock_aws(), quota_of(1_000_000), dynamodb_local() as address:
        make_cloud()
        with table_at(address), Client(app) as client:
            ticked_lately()
            # Past nine in the morning, so that reminders come at once.
            noon = now().replace(hour=12, minute=0) + timedelta(days=now().hour >= 12)
            task_ids = _tasks(client, count, due=noon + timedelta(hours=20))
            began = time.monotonic()
            found = storm(task_ids, share=SHARE, seed=1, now=noon)
    print(f"{count} reminders in {time.monotonic() - began:.0f} s: {found}")


def _tasks(client: Client, count: int, due: datetime) -> set[str]:
    ann, bob = sign_up(client, "ann"), sign_up(client, "bob")
    project = ann.starts_project()
    ann.lets_in(project, bob)
    task = ann.adds_task(project, assigned_to=bob.id, due_date=due.isoformat()[:19] + "Z")
    mailing.sweep(now())
    put_copies(task["id"], count - 1)
    rows = (row["SK"]["S"] for row in all_rows())
    return {sort.removeprefix("TASK#") for sort in rows if sort.startswith("TASK#")}


if __name__ == "__main__":
    assert conftest
    main()
