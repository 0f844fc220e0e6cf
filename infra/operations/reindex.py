"""`make reindex STAGE=`: make search index, filter entries and list snapshots agree with the tasks.

It starts the weekly counter repair at once, which reindexes every project. The ticks do its work.
"""

import argparse
from pathlib import Path

from infra.operations.functions import call_function, start_function
from infra.stage import LOCAL, Stage, UserError, configure_aws, load_stage, report_aws_errors

_EVENTS = Path(__file__).parents[2] / "events"


def start_reindex(stage: Stage) -> None:
    """Start a run from the first project, and a tick that begins with it.

    Raises UserError when a run is in progress, because that one may have passed projects that are
    wrong by now.
    """
    outcome = call_function(stage, "RepairCounters", _EVENTS / "repair_counters.json")
    if not outcome["begun"]:
        raise UserError(
            "a counter repair is in progress and may have passed some projects already; start "
            "again when the log of Tick says `counter repair finished`"
        )
    start_function(stage, "Tick", _EVENTS / "tick.json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.operations.reindex", description=__doc__)
    parser.add_argument("--stage", default=LOCAL)
    arguments = parser.parse_args()
    stage = load_stage(arguments.stage)
    configure_aws(stage)
    with report_aws_errors():
        start_reindex(stage)
    print(
        "reindex started; each tick continues it, every five minutes. To follow it:\n"
        f"  make logs FUNCTION=Tick STAGE={stage.name}\n"
        "It is done when the log says `counter repair finished`."
    )


if __name__ == "__main__":
    main()
