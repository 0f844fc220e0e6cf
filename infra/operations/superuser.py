"""`make superuser EMAIL=`: make an account site staff, with the operator's own AWS credentials."""

import argparse
import os
from datetime import UTC, datetime

import boto3

from infra.deployment.deploy import list_functions
from infra.stage import LOCAL, Stage, UserError, configure_aws, load_stage, report_aws_errors


def promote(stage: Stage, email: str) -> str:
    """Make the account of `email` site staff, or create one; return a message for the operator."""
    os.environ.update(_function_environment(stage))
    from chalicelib.accounts.staff import (
        make_staff,  # imported here, because it reads the environment
    )

    password = make_staff(email=email, now=datetime.now(UTC))
    if password is None:
        return f"{email} is site staff now"
    return f"{email} has an account now and is site staff; the password, shown once: {password}"


def _function_environment(stage: Stage) -> dict[str, str]:
    """Return the environment variables of the stage's API function."""
    name = list_functions(stage)["APIHandler"]
    config = boto3.client("lambda").get_function_configuration(FunctionName=name)
    return dict(config["Environment"]["Variables"])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m infra.operations.superuser", description=__doc__
    )
    parser.add_argument("email", nargs="?", default="")
    parser.add_argument("--stage", default=LOCAL)
    arguments = parser.parse_args()
    if "@" not in arguments.email:
        raise UserError("name an email address: make superuser EMAIL=ann@example.com")
    stage = load_stage(arguments.stage)
    configure_aws(stage)
    with report_aws_errors():
        print(promote(stage, arguments.email))


if __name__ == "__main__":
    main()
