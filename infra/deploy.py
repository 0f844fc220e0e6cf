"""Deploy, compare, destroy or describe a stage: the same steps for AWS and for the local cloud."""

import argparse
import json
from typing import Any

import boto3

from infra import artifacts, stacks
from infra.package import package
from infra.stacks import Plan
from infra.stage import LOCAL, Stage, UserError, aim_at, in_one_line, load


def deploy(stage: Stage) -> dict[str, str]:
    """Package and deploy; returns the stack's outputs. What did not change is not touched."""
    planned = _plan(stage)
    if planned is None:
        print(f"  {stage.stack} runs this already: nothing to change")
    else:
        print(f"  deploying {stage.stack}: {len(planned.changes)} changes", flush=True)
        stacks.carry_out(planned)
    return outputs(stage)


def diff(stage: Stage) -> str:
    """What `deploy` would change."""
    planned = _plan(stage)
    if planned is None:
        return f"{stage.stack}: nothing to change"
    stacks.drop(planned)
    return f"{stage.stack} would change (+ new, ~ changed, - removed):\n{planned}"


def destroy(stage: Stage, *, with_data: bool = False) -> None:
    """Delete the stack. Where the stage keeps its data, table, bucket and keys stay behind under
    their names, unless `with_data`."""
    stack = stacks.find(stage.stack)
    if stack is None:
        print(f"  there is no {stage.stack}")
        return
    left = stacks.outputs(stack)
    if not stage.keep_data and "BucketName" in left:
        _empty(left["BucketName"])
    print(f"  deleting {stage.stack}", flush=True)
    stacks.delete(stack)
    if stage.keep_data and with_data:
        delete_data(left)
    artifacts.remove(stage)


def outputs(stage: Stage) -> dict[str, str]:
    """What the deployed stack says of itself."""
    stack = stacks.find(stage.stack)
    if stack is None:
        raise UserError(f"{stage.stack} is not deployed")
    return stacks.outputs(stack)


def functions(stage: Stage) -> dict[str, str]:
    """Logical name -> name of every function that the stack deployed."""
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in stacks.resources(stage.stack)
        if resource["ResourceType"] == "AWS::Lambda::Function"
    }


def _plan(stage: Stage) -> Plan | None:
    return stacks.plan(stage.stack, artifacts.upload(stage, package(stage)), stage.parameters)


def _empty(bucket: str) -> None:
    """CloudFormation deletes no bucket that holds anything, versions included."""
    print(f"  emptying {bucket}", flush=True)
    boto3.resource("s3").Bucket(bucket).object_versions.delete()


def delete_data(left: dict[str, str]) -> None:
    """What a stage that keeps its data left behind. DynamoDB keeps a backup of the table for 35
    days by itself, because it had point-in-time recovery; the keys can be had back for 30."""
    dynamodb: Any = boto3.client("dynamodb")
    dynamodb.update_table(TableName=left["TableName"], DeletionProtectionEnabled=False)
    dynamodb.get_waiter("table_exists").wait(TableName=left["TableName"])
    dynamodb.delete_table(TableName=left["TableName"])
    _empty(left["BucketName"])
    boto3.resource("s3").Bucket(left["BucketName"]).delete()
    boto3.client("secretsmanager").delete_secret(SecretId=left["SecretId"])


def _confirm(stage: Stage, *, with_data: bool) -> None:
    """The first word is for the stack; the data of a stage that keeps it wants a second."""
    if stage.name == LOCAL:
        return
    kept = "Its data is kept." if stage.keep_data else "ALL ITS DATA IS DELETED."
    _ask(f"This deletes {stage.stack}. {kept} Type the stage's name to go on: ", stage.name)
    if stage.keep_data and with_data:
        said = f"delete the data of {stage.name}"
        _ask(f"Table, files and keys are deleted after it. Type {said!r} to go on: ", said)


def _ask(question: str, wanted: str) -> None:
    try:
        typed = input(question)
    except EOFError:  # nobody is there to answer
        typed = ""
    if typed != wanted:
        raise UserError("nothing was deleted")


def _run(verb: str, stage: Stage, *, with_data: bool) -> None:
    match verb:
        case "destroy":
            _confirm(stage, with_data=with_data)
            destroy(stage, with_data=with_data)
        case "diff":
            print(diff(stage))
        case _:
            found = deploy(stage) if verb == "deploy" else outputs(stage)
            print(json.dumps(found, indent=2, sort_keys=True))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.add_argument("verb", choices=["deploy", "diff", "destroy", "outputs"])
    parser.add_argument("--stage", required=True, help="a table of infra/stages.toml")
    parser.add_argument("--with-data", action="store_true", help="destroy what outlives the stack")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter's other value"
    )
    arguments = parser.parse_args()
    stage = load(arguments.stage, dict(item.split("=", 1) for item in arguments.set))
    aim_at(stage)
    with in_one_line():
        _run(arguments.verb, stage, with_data=arguments.with_data)


if __name__ == "__main__":
    main()
