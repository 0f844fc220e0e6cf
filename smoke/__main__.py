"""Try a deployed stage out, as a person with AWS credentials would: `make smoke STAGE=prod`.

Each step says what it expects. Somebody new registers under an address of SES's mailbox simulator,
does the main job, and leaves; the steps marked with a star show what only AWS itself can show, and
are left out against a local cloud, by name. `--slow` also waits for the next scheduled run.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from infra.stage import LOCAL, UserError, aim_at, in_one_line, load
from smoke.steps import STEPS, Smoke


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    left_out: int = 0


def run(smoke: Smoke, *, on_aws: bool, slow: bool) -> Tally:
    tally = Tally()
    for step in STEPS:
        if (step.only_aws and not on_aws) or (step.slow and not slow):
            tally.left_out += 1
            print(f"  left out  {step.expects}")
        elif why := _why_not(step.check, smoke):
            tally.failed += 1
            print(f"  FAILED    {step.expects}\n            {why}")
        else:
            tally.passed += 1
            print(f"  ok        {step.expects}")
    return tally


def _why_not(check: Callable[[Smoke], None], smoke: Smoke) -> str:
    """Why the step did not hold; empty if it did."""
    try:
        check(smoke)
    except (AssertionError, OSError, KeyError, BotoCoreError, ClientError) as failure:
        return f"{type(failure).__name__}: {failure}"[:500]
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m smoke", description=__doc__)
    parser.add_argument("--stage", default=LOCAL)
    parser.add_argument("--slow", action="store_true", help="wait for the next scheduled run too")
    arguments = parser.parse_args()
    stage = load(arguments.stage)
    aim_at(stage)
    with in_one_line():
        smoke = Smoke.of(stage)
    print(f"trying {smoke.api_url}")
    tally = run(smoke, on_aws=stage.name != LOCAL, slow=arguments.slow)
    print(f"{tally.passed} ok, {tally.failed} failed, {tally.left_out} left out")
    if tally.failed:
        raise UserError(f"{stage.stack} does not do what it should")


if __name__ == "__main__":
    main()
