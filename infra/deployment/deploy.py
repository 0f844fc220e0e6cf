"""Deploy, compare, destroy or describe a stage, on AWS or on the local cloud."""

import argparse
import json
from typing import Any

import boto3

from infra.deployment import artifacts, client_release, stacks
from infra.deployment.stacks import ChangeSet
from infra.packaging.package import package
from infra.stage import LOCAL, Stage, UserError, configure_aws, load_stage, report_aws_errors
from infra.web_client import build_client

_CLIENT_BUCKET = "ClientBucketName"  # an output of the stack
_SECRETS = {
    "SecretId",
    "WebhookKeysId",
    "SecondFactorKeysId",
}  # outputs: the secrets that outlive it


def deploy(stage: Stage) -> dict[str, str]:
    """Package and deploy the stage, then release its web client; return the stack's outputs.

    The client comes last, because it may need what is new in the API.
    """
    client = build_client() if stage.serves_client else None
    change_set = _create_change_set(stage)
    if change_set is None:
        print(f"  {stage.stack} is up to date: nothing to change")
    else:
        if client is None:
            _empty_client_bucket(stage)
        print(f"  deploying {stage.stack}: {len(change_set.changes)} changes", flush=True)
        stacks.execute_change_set(change_set)
    outputs = get_outputs(stage)
    if client is not None:
        client_release.release_client(outputs[_CLIENT_BUCKET], client)
    return outputs


def describe_changes(stage: Stage) -> str:
    """Return a description of the changes that `deploy` would make."""
    change_set = _create_change_set(stage)
    files = _find_client_changes(stage)
    if change_set is None and not files:
        return f"{stage.stack}: nothing to change"
    lines = [f"{stage.stack} would change (+ new, ~ changed, - removed):"]
    if change_set is not None:
        stacks.discard_change_set(change_set)
        lines.append(str(change_set))
    if files:
        lines.append(f"  ~ {len(files)} files of the web client")
    return "\n".join(lines)


def destroy(stage: Stage, *, with_data: bool = False) -> None:
    """Delete the stage's stack.

    If the stage keeps its data, the table, the bucket and the keys are deleted only `with_data`.
    """
    stack = stacks.find_stack(stage.stack)
    if stack is None:
        print(f"  there is no {stage.stack}")
        return
    outputs = stacks.get_outputs(stack)
    if not stage.keep_data and "BucketName" in outputs:
        _empty_bucket(outputs["BucketName"])
    _empty_client_bucket(stage)
    print(f"  deleting {stage.stack}", flush=True)
    stacks.delete_stack(stack)
    if stage.keep_data and with_data:
        delete_data(outputs)
    artifacts.remove_artifacts(stage)


def get_outputs(stage: Stage) -> dict[str, str]:
    """Return the deployed stack's outputs. Raises UserError when the stage is not deployed."""
    stack = stacks.find_stack(stage.stack)
    if stack is None:
        raise UserError(f"{stage.stack} is not deployed")
    return stacks.get_outputs(stack)


def list_functions(stage: Stage) -> dict[str, str]:
    """Return the physical name of every deployed function by logical id."""
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in stacks.list_resources(stage.stack)
        if resource["ResourceType"] == "AWS::Lambda::Function"
    }


def _create_change_set(stage: Stage) -> ChangeSet | None:
    template_url = artifacts.upload_artifacts(stage, package(stage))
    return stacks.create_change_set(stage.stack, template_url, stage.parameters)


def _find_client_changes(stage: Stage) -> list[str]:
    """Return the names of the client's files that `deploy` would upload."""
    if not stage.serves_client:
        return []
    client, stack = build_client(), stacks.find_stack(stage.stack)
    bucket = stacks.get_outputs(stack or {}).get(_CLIENT_BUCKET)
    if bucket is None:
        return client_release.list_client_files(client)
    return client_release.find_client_changes(bucket, client)


def _empty_client_bucket(stage: Stage) -> None:
    """Delete the deployed web client, whose bucket the stack is about to remove."""
    stack = stacks.find_stack(stage.stack)
    if bucket := stacks.get_outputs(stack or {}).get(_CLIENT_BUCKET):
        _empty_bucket(bucket)


def _empty_bucket(bucket: str) -> None:
    """Delete all object versions, because CloudFormation deletes only an empty bucket."""
    print(f"  emptying {bucket}", flush=True)
    boto3.resource("s3").Bucket(bucket).object_versions.delete()


def delete_data(outputs: dict[str, str]) -> None:
    """Delete the table, the bucket and the keys that a deleted stack left behind.

    The table has point-in-time recovery, so DynamoDB keeps a backup for 35 days. The keys can be
    restored for 30 days.
    """
    dynamodb: Any = boto3.client("dynamodb")
    dynamodb.update_table(TableName=outputs["TableName"], DeletionProtectionEnabled=False)
    dynamodb.get_waiter("table_exists").wait(TableName=outputs["TableName"])
    dynamodb.delete_table(TableName=outputs["TableName"])
    _empty_bucket(outputs["BucketName"])
    boto3.resource("s3").Bucket(outputs["BucketName"]).delete()
    secrets = boto3.client("secretsmanager")
    for name in _SECRETS & outputs.keys():  # a stack of an earlier release has fewer
        secrets.delete_secret(SecretId=outputs[name])


def _confirm(stage: Stage, *, with_data: bool) -> None:
    """Ask before the stack is deleted, and a second time before kept data is deleted."""
    if stage.name == LOCAL:
        return
    kept = "Its data is kept." if stage.keep_data else "ALL ITS DATA IS DELETED."
    _ask(f"This deletes {stage.stack}. {kept} Type the stage's name to go on: ", stage.name)
    if stage.keep_data and with_data:
        answer = f"delete the data of {stage.name}"
        _ask(f"Table, files and keys are deleted after it. Type {answer!r} to go on: ", answer)


def _ask(question: str, expected: str) -> None:
    """Ask the user. Raises UserError when the answer is not the `expected` one."""
    try:
        answer = input(question)
    except EOFError:  # not run from a terminal
        answer = ""
    if answer != expected:
        raise UserError("nothing was deleted")


def _run(verb: str, stage: Stage, *, with_data: bool) -> None:
    match verb:
        case "destroy":
            _confirm(stage, with_data=with_data)
            destroy(stage, with_data=with_data)
        case "diff":
            print(describe_changes(stage))
        case _:
            outputs = deploy(stage) if verb == "deploy" else get_outputs(stage)
            print(json.dumps(outputs, indent=2, sort_keys=True))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.deployment.deploy", description=__doc__)
    parser.add_argument("verb", choices=["deploy", "diff", "destroy", "outputs"])
    parser.add_argument("--stage", required=True, help="a table of infra/stages.toml")
    parser.add_argument(
        "--with-data", action="store_true", help="also destroy data that outlives the stack"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="override a stack parameter (repeatable)",
    )
    arguments = parser.parse_args()
    stage = load_stage(arguments.stage, dict(item.split("=", 1) for item in arguments.set))
    configure_aws(stage)
    with report_aws_errors():
        _run(arguments.verb, stage, with_data=arguments.with_data)


if __name__ == "__main__":
    main()
