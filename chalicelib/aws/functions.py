"""Waking the function that works on jobs."""

import json
from typing import Any

from chalicelib import settings
from chalicelib.aws import clients


def invoke_job_runner(record: dict[str, Any]) -> None:
    """Tell it of a new job, by the stream's record; nobody waits for what it does."""
    clients.lambda_client().invoke(
        FunctionName=settings.JOB_WORKER,
        InvocationType="Event",
        Payload=json.dumps({"Records": [record]}),
    )
