"""`make restore STAGE= TABLE= BUCKET=`: create a stage around a table and a bucket that exist.

The table is one that outlived its stack, or that DynamoDB restored to an earlier time
(docs/operations.md, "Recovery"). CloudFormation imports table and bucket into a new stack, and a
deployment adds the rest. Nothing is copied, so the time does not depend on the amount of data.
"""

import argparse
import json
from collections.abc import Mapping
from typing import Any

import boto3

from infra.deployment import stacks
from infra.deployment.deploy import deploy
from infra.packaging.package import package
from infra.stage import Stage, UserError, configure_aws, load_stage, report_aws_errors
from infra.template import Template, read_template

# Outputs of the stack: the secrets that get the values of earlier ones.
KEYS = ("SecretId", "WebhookKeysId", "SecondFactorKeysId")
# List snapshots: they may be newer than the table, and each list makes a new one.
_SNAPSHOTS = "catalogue/"
_POLL = {"Delay": 5, "MaxAttempts": 3600}  # five hours


def restore(stage: Stage, table: str, bucket: str, keys: Mapping[str, str]) -> dict[str, str]:
    """Create the stack of a stage that is not deployed, with this table and this bucket.

    `keys` are the ids of earlier secrets by the names in `KEYS`; without one, the stack gets a new
    secret. Returns the outputs of the stack. After a failure, the same call continues.

    Raises UserError when the stage is deployed with another table, or when a name in `keys` is
    unknown.
    """
    if unknown := keys.keys() - set(KEYS):
        raise UserError(f"no keys are called {', '.join(sorted(unknown))}; there are: {KEYS}")
    if stacks.find_stack(stage.stack) is None:
        package(stage)
        template = read_template(stage.template)
        print(f"  preparing {table}", flush=True)
        prepare_table(table, template["Resources"]["Table"]["Properties"])
        boto3.resource("s3").Bucket(bucket).objects.filter(Prefix=_SNAPSHOTS).delete()
        _import_data(stage, template, table, bucket)
    elif _find_table(stage) != table:
        raise UserError(f"{stage.stack} is deployed; destroy it first, or restore another stage")
    outputs = deploy(stage)
    _copy_keys(keys, outputs)
    return outputs


def _find_table(stage: Stage) -> str | None:
    """Return the name of the table of a deployed stack."""
    resources = stacks.list_resources(stage.stack)
    names = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}
    return names.get("Table")


def prepare_table(table: str, properties: Mapping[str, Any]) -> None:
    """Set up the stream, expiry, backups and deletion protection, which a restored table lacks.

    The stream begins anew, so that the functions do not handle changes from before.
    """
    client: Any = boto3.client("dynamodb")
    _wait(client, table)
    if client.describe_table(TableName=table)["Table"].get("StreamSpecification"):
        _update(client, table, StreamSpecification={"StreamEnabled": False})
    stream = {"StreamEnabled": True, **properties["StreamSpecification"]}
    _update(client, table, StreamSpecification=stream)
    is_protected = properties.get("DeletionProtectionEnabled", False)
    _update(client, table, DeletionProtectionEnabled=is_protected)
    expiry = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if expiry["TimeToLiveStatus"] == "DISABLED":
        client.update_time_to_live(
            TableName=table, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
        )
    client.update_continuous_backups(
        TableName=table,
        PointInTimeRecoverySpecification=properties["PointInTimeRecoverySpecification"],
    )


def _update(client: Any, table: str, **changes: Any) -> None:
    client.update_table(TableName=table, **changes)
    _wait(client, table)


def _wait(client: Any, table: str) -> None:
    """Wait until the table is active. DynamoDB takes minutes to hours to restore one."""
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig=_POLL)


def _import_data(stage: Stage, template: Template, table: str, bucket: str) -> None:
    """Create the stack with nothing but the table and the bucket."""
    imports = [
        _describe_import(template, "Table", TableName=table),
        _describe_import(template, "Bucket", BucketName=bucket),
    ]
    kept = {each["LogicalResourceId"] for each in imports}
    resources = {name: each for name, each in template["Resources"].items() if name in kept}
    sections = {name: template[name] for name in ("Parameters", "Conditions")}
    body = json.dumps({**sections, "Resources": resources})
    change_set = stacks.create_change_set(stage.stack, body, stage.parameters, imports)
    assert change_set is not None
    print(f"  importing {table} and {bucket} into {stage.stack}", flush=True)
    stacks.execute_change_set(change_set)


def _describe_import(template: Template, name: str, **identifier: str) -> dict[str, Any]:
    return {
        "ResourceType": template["Resources"][name]["Type"],
        "LogicalResourceId": name,
        "ResourceIdentifier": identifier,
    }


def _copy_keys(keys: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Copy the values of earlier secrets into the secrets of the stack.

    The functions use the new values within five minutes.
    """
    secrets: Any = boto3.client("secretsmanager")
    for name, secret in keys.items():
        value = secrets.get_secret_value(SecretId=secret)["SecretString"]
        secrets.put_secret_value(SecretId=outputs[name], SecretString=value)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.deployment.restore", description=__doc__)
    parser.add_argument("--stage", required=True, help="a table of infra/stages.toml")
    parser.add_argument("--table", required=True)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("keys", nargs="*", metavar="NAME=SECRET", help=f"of {', '.join(KEYS)}")
    arguments = parser.parse_args()
    stage = load_stage(arguments.stage)
    configure_aws(stage)
    keys = dict(each.split("=", 1) for each in arguments.keys)
    with report_aws_errors():
        outputs = restore(stage, arguments.table, arguments.bucket, keys)
    print(json.dumps(outputs, indent=2, sort_keys=True))
    print(f"restored; now mend what is derived from tasks: make reindex STAGE={stage.name}")


if __name__ == "__main__":
    main()
