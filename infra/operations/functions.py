"""`make invoke` and `make logs`: invoke a deployed function with an event, or follow its log."""

import argparse
import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from infra.deployment.deploy import list_functions
from infra.stage import LOCAL, Stage, UserError, configure_aws, load_stage, report_aws_errors

_LOG_HISTORY_SECONDS = 600
_POLL_SECONDS = 2


def invoke_function(stage: Stage, function: str, event: Path | None) -> None:
    """Invoke the function with the logical id `function`, and print its response.

    Raises UserError when the event file does not exist or the function fails.
    """
    if event is None or not event.is_file():
        raise UserError(f"no event {event or ''}: name a file, such as EVENT=events/tick.json")
    print(json.dumps(call_function(stage, function, event), indent=2))


def call_function(stage: Stage, function: str, event: Path) -> Any:
    """Invoke the function with a sample event and return its response.

    Raises UserError when the function fails.
    """
    response = boto3.client("lambda").invoke(
        FunctionName=_get_name(stage, function), Payload=_read_event(event)
    )
    result = json.loads(response["Payload"].read() or b"null")
    if "FunctionError" in response:
        raise UserError(f"{function} failed: {json.dumps(result, indent=2)}")
    return result


def start_function(stage: Stage, function: str, event: Path) -> None:
    """Let the function process a sample event, and do not wait for it."""
    boto3.client("lambda").invoke(
        FunctionName=_get_name(stage, function),
        Payload=_read_event(event),
        InvocationType="Event",
    )


def follow_logs(stage: Stage, function: str) -> None:
    """Print a function's log, from ten minutes ago on, until Ctrl-C."""
    group = f"/aws/lambda/{_get_name(stage, function)}"
    pages = boto3.client("logs").get_paginator("filter_log_events")
    since, seen = int((time.time() - _LOG_HISTORY_SECONDS) * 1000), set[tuple[str, int, str]]()
    while True:
        for page in pages.paginate(logGroupName=group, startTime=since):
            for event in page["events"]:
                line = (event["logStreamName"], event["timestamp"], event["message"])
                if line not in seen:
                    seen.add(line)
                    print(line[2].rstrip(), flush=True)
        time.sleep(_POLL_SECONDS)


def _get_name(stage: Stage, function: str) -> str:
    """Return the function's physical name. Raises UserError when there is no such function."""
    deployed = list_functions(stage)
    if function not in deployed:
        raise UserError(f"no function {function!r}; there are: {', '.join(sorted(deployed))}")
    return deployed[function]


def _read_event(event: Path) -> bytes:
    """Return the sample event; if it has a `time`, with the present time in it."""
    sample = json.loads(event.read_text())
    if "time" in sample:
        sample["time"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(sample).encode()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m infra.operations.functions", description=__doc__
    )
    parser.add_argument("verb", choices=["invoke", "logs"])
    parser.add_argument("function", help="logical id, such as SendReminders")
    parser.add_argument("event", nargs="?", type=Path, help="a file of events/ (for invoke)")
    parser.add_argument("--stage", default=LOCAL)
    arguments = parser.parse_args()
    stage = load_stage(arguments.stage)
    configure_aws(stage)
    with report_aws_errors(), suppress(KeyboardInterrupt):
        if arguments.verb == "invoke":
            invoke_function(stage, arguments.function, arguments.event)
        else:
            follow_logs(stage, arguments.function)


if __name__ == "__main__":
    main()
