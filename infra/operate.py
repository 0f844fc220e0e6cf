"""Look after a deployed stage: invoke a function with an event, follow the logs."""

import argparse
import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from infra.deploy import functions
from infra.stage import LOCAL, Stage, UserError, aim_at, in_one_line, load

_LOOK_BACK_SECONDS = 600
_POLL_SECONDS = 2


def invoke(stage: Stage, function: str, event: Path | None) -> None:
    """Call the function whose logical name is `function`; prints what it answers."""
    if event is None or not event.is_file():
        raise UserError(f"no event {event or ''}: name a file, such as EVENT=events/tick.json")
    answer = boto3.client("lambda").invoke(
        FunctionName=_name_of(stage, function), Payload=_at_present(event)
    )
    print(json.dumps(_read(answer), indent=2))
    if "FunctionError" in answer:
        raise UserError(f"{function} failed")


def logs(stage: Stage, function: str) -> None:
    """Follow the log of one function, from ten minutes ago on, until Ctrl-C."""
    group = f"/aws/lambda/{_name_of(stage, function)}"
    pages = boto3.client("logs").get_paginator("filter_log_events")
    since, seen = int((time.time() - _LOOK_BACK_SECONDS) * 1000), set[tuple[str, int, str]]()
    while True:
        for page in pages.paginate(logGroupName=group, startTime=since):
            for event in page["events"]:
                line = (event["logStreamName"], event["timestamp"], event["message"])
                if line not in seen:
                    seen.add(line)
                    print(line[2].rstrip(), flush=True)
        time.sleep(_POLL_SECONDS)


def _name_of(stage: Stage, function: str) -> str:
    deployed = functions(stage)
    if function not in deployed:
        raise UserError(f"no function {function!r}; there are: {', '.join(sorted(deployed))}")
    return deployed[function]


def _at_present(event: Path) -> bytes:
    """The sample event; one that carries the time of a schedule carries the present one."""
    sample = json.loads(event.read_text())
    if "time" in sample:
        sample["time"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(sample).encode()


def _read(answer: Any) -> Any:
    return json.loads(answer["Payload"].read() or b"null")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.operate", description=__doc__)
    parser.add_argument("verb", choices=["invoke", "logs"])
    parser.add_argument("function", help="logical name, such as SendReminders")
    parser.add_argument("event", nargs="?", type=Path, help="a file of events/ (for invoke)")
    parser.add_argument("--stage", default=LOCAL)
    arguments = parser.parse_args()
    stage = load(arguments.stage)
    aim_at(stage)
    with in_one_line(), suppress(KeyboardInterrupt):
        if arguments.verb == "invoke":
            invoke(stage, arguments.function, arguments.event)
        else:
            logs(stage, arguments.function)


if __name__ == "__main__":
    main()
