"""Test a deployed stage through its API: `make smoke STAGE=prod`.

A new user registers with an address of the SES mailbox simulator, uses the main features, and
deletes the account. Steps marked with a star work on AWS only; they are skipped on a local cloud.
`--slow` also waits for the next scheduled run.
"""

import argparse
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from infra.stage import LOCAL, UserError, configure_aws, load_stage, report_aws_errors
from smoke.steps import STEPS, SmokeTest, Step


@dataclass
class Summary:
    """The numbers of passed, failed and skipped steps."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0


def run_steps(smoke: SmokeTest, *, on_aws: bool, slow: bool) -> Summary:
    """Run all steps in order, and print a line for each."""
    summary = Summary()
    for step in STEPS:
        if (step.only_aws and not on_aws) or (step.slow and not slow):
            summary.skipped += 1
            print(f"  skipped   {step.title}")
        elif failure := _run_step(step, smoke):
            summary.failed += 1
            print(f"  FAILED    {step.title}\n            {failure}")
        else:
            summary.passed += 1
            print(f"  ok        {step.title}")
    return summary


def _run_step(step: Step, smoke: SmokeTest) -> str:
    """Run a step; return a description of its failure, or an empty text."""
    try:
        step.run(smoke)
    except (AssertionError, OSError, KeyError, BotoCoreError, ClientError) as failure:
        return f"{type(failure).__name__}: {failure}"[:500]
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m smoke", description=__doc__)
    parser.add_argument("--stage", default=LOCAL)
    parser.add_argument("--slow", action="store_true", help="also wait for the next scheduled run")
    arguments = parser.parse_args()
    stage = load_stage(arguments.stage)
    configure_aws(stage)
    with report_aws_errors():
        smoke = SmokeTest.for_stage(stage)
    print(f"testing {smoke.api_url}")
    summary = run_steps(smoke, on_aws=stage.name != LOCAL, slow=arguments.slow)
    print(f"{summary.passed} ok, {summary.failed} failed, {summary.skipped} skipped")
    if summary.failed:
        raise UserError(f"the smoke test of {stage.stack} failed")


if __name__ == "__main__":
    main()
