"""Invoking the Lambda function that runs jobs."""

import json
from typing import Any

from chalicelib import settings
from chalicelib.aws import clients


def invoke_job_runner(record: dict[str, Any]) -> None:
    """Start the job of a stream record; the call does not wait for the result."""
    clients.lambda_client().invoke(
        FunctionName=settings.JOB_WORKER,
        InvocationType="Event",
        Payload=json.dumps({"Records": [record]}),
    )
