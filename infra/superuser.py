"""`make superuser EMAIL=`: make an account site staff, with the operator's own AWS credentials."""

import argparse
import os
from datetime import UTC, datetime

import boto3

from infra.deploy import functions
from infra.stage import LOCAL, Stage, UserError, aim_at, in_one_line, load


def appoint(stage: Stage, email: str) -> str:
    """Promote the account of `email`, or open one; says what was done."""
    os.environ.update(_function_environment(stage))
    from chalicelib.domain import staff  # reads the environment, hence here

    password = staff.appoint(email=email, now=datetime.now(UTC))
    if password is None:
        return f"{email} is site staff now"
    return f"{email} has an account now and is site staff; the password, shown once: {password}"


def _function_environment(stage: Stage) -> dict[str, str]:
    """The settings that the stack gave the API function."""
    name = functions(stage)["APIHandler"]
    found = boto3.client("lambda").get_function_configuration(FunctionName=name)
    return dict(found["Environment"]["Variables"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.superuser", description=__doc__)
    parser.add_argument("email", nargs="?", default="")
    parser.add_argument("--stage", default=LOCAL)
    arguments = parser.parse_args()
    if "@" not in arguments.email:
        raise UserError("name an address: make superuser EMAIL=ann@example.com")
    stage = load(arguments.stage)
    aim_at(stage)
    with in_one_line():
        print(appoint(stage, arguments.email))


if __name__ == "__main__":
    main()
