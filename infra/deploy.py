"""Deploy, destroy or describe a stage: the same steps for AWS and for the local cloud."""

import argparse
import hashlib
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.package import package
from infra.stage import APP_NAME, LOCAL, Stage, UserError, aim_at, load, tool

_DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
_NEVER_CREATED = "ROLLBACK_COMPLETE"
_BUILD_TAG = "build"


def deploy(stage: Stage) -> dict[str, str]:
    """Package and deploy; returns the stack's outputs. An unchanged local stack is left alone."""
    template = package(stage)
    build = _build_of(stage, template)
    stack = _find(stage)
    if stage.name == LOCAL and stack and _runs(stack, build):
        print(f"  {stage.stack} already runs this build")
        return _outputs(stack)
    _refuse_broken(stage, stack)
    _upload_and_deploy(stage, template, build)
    return outputs(stage)


def destroy(stage: Stage) -> None:
    """Delete the stack. Where the stage keeps its data, table, bucket and keys stay behind."""
    stack = _find(stage)
    if stack is None:
        print(f"  there is no {stage.stack}")
        return
    if not stage.keep_data:
        _empty(_outputs(stack)["BucketName"])
    cloudformation = boto3.client("cloudformation")
    cloudformation.delete_stack(StackName=stack["StackId"])
    print(f"  deleting {stage.stack}")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack["StackId"])


def outputs(stage: Stage) -> dict[str, str]:
    """What the deployed stack says of itself."""
    stack = _find(stage)
    if stack is None:
        raise UserError(f"{stage.stack} is not deployed")
    return _outputs(stack)


def functions(stage: Stage) -> dict[str, str]:
    """Logical name -> name of every function that the stack deployed."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources")
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages.paginate(StackName=stage.stack)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function"
    }


def _find(stage: Stage) -> dict[str, Any] | None:
    try:
        found = boto3.client("cloudformation").describe_stacks(StackName=stage.stack)
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return dict(found["Stacks"][0])


def _outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}


def _build_of(stage: Stage, template: Path) -> str:
    sha = hashlib.sha256(json.dumps(stage.parameters, sort_keys=True).encode())
    sha.update(template.read_bytes())
    for archive in sorted(template.parent.glob("*.zip")):
        sha.update(archive.read_bytes())
    return sha.hexdigest()[:32]


def _runs(stack: dict[str, Any], build: str) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}
    return stack["StackStatus"] in _DONE and tags.get(_BUILD_TAG) == build


def _refuse_broken(stage: Stage, stack: dict[str, Any] | None) -> None:
    if stack and stack["StackStatus"] == _NEVER_CREATED:
        raise UserError(f"{stage.stack} failed when first created: make destroy STAGE={stage.name}")


def _upload_and_deploy(stage: Stage, template: Path, build: str) -> None:
    artifacts = ["--s3-bucket", _artifact_bucket(), "--s3-prefix", stage.stack]
    with tempfile.TemporaryDirectory() as folder:
        uploaded = Path(folder) / "template.yaml"
        _upload(template, uploaded, artifacts)
        _deploy_template(stage, uploaded, artifacts, build)


def _upload(template: Path, uploaded: Path, artifacts: list[str]) -> None:
    print("  uploading the code", flush=True)
    command = ["package", "--template-file", str(template), "--output-template-file", str(uploaded)]
    command += artifacts
    done = _cloudformation(command)
    if done.returncode:
        raise UserError(f"the code could not be uploaded: {done.stderr.strip()}")


def _deploy_template(stage: Stage, template: Path, artifacts: list[str], build: str) -> None:
    print(f"  deploying {stage.stack}", flush=True)
    began = time.time()
    command = ["deploy", "--template-file", str(template), "--stack-name", stage.stack]
    command += ["--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset"]
    command += artifacts  # the template goes there too: it is larger than a request may be
    # A tag of the stack is a tag of every resource: on AWS each deploy would touch them all.
    command += ["--tags", f"{_BUILD_TAG}={build}"] if stage.name == LOCAL else []
    command += ["--parameter-overrides"]
    command += [f"{name}={value}" for name, value in stage.parameters.items()]
    done = _cloudformation(command)
    if done.returncode:
        reasons = _reasons(stage, began, done.stderr)
        raise UserError("\n".join([f"{stage.stack} was not deployed", *reasons]))


def _cloudformation(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    command = [tool("aws"), "cloudformation", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _reasons(stage: Stage, began: float, output: str) -> list[str]:
    """Which resources failed, and why; what the command said when no resource did."""
    try:
        pages = boto3.client("cloudformation").get_paginator("describe_stack_events")
        events = [e for page in pages.paginate(StackName=stage.stack) for e in page["StackEvents"]]
    except ClientError:
        events = []
    failed = [
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
        for event in events
        if event["Timestamp"].timestamp() >= began - 1
        and event["ResourceStatus"].endswith("_FAILED")
        and "cancelled" not in event.get("ResourceStatusReason", "cancelled")
    ]
    return failed or [f"  {output.strip()}"]


def _artifact_bucket() -> str:
    """The account's bucket for uploaded code, made on the first deploy."""
    account = boto3.client("sts").get_caller_identity()["Account"]
    s3 = boto3.client("s3")
    bucket = f"{APP_NAME}-artifacts-{account}-{s3.meta.region_name}"
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        _make_bucket(s3, bucket)
    return bucket


def _make_bucket(s3: Any, bucket: str) -> None:
    region = s3.meta.region_name
    # us-east-1 is the one region that may not be named here.
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": where} if where else {}))
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )


def _empty(bucket: str) -> None:
    """CloudFormation deletes no bucket that holds anything, versions included."""
    print(f"  emptying {bucket}")
    boto3.resource("s3").Bucket(bucket).object_versions.delete()


def _confirm(stage: Stage) -> None:
    if stage.name == LOCAL:
        return
    kept = "Its data is kept." if stage.keep_data else "ALL ITS DATA IS DELETED."
    if input(f"This deletes {stage.stack}. {kept} Type the stage's name to go on: ") != stage.name:
        raise UserError("nothing was deleted")


def _run(verb: str, stage: Stage) -> None:
    if verb == "destroy":
        _confirm(stage)
        destroy(stage)
        return
    found = deploy(stage) if verb == "deploy" else outputs(stage)
    print(json.dumps(found, indent=2, sort_keys=True))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.add_argument("verb", choices=["deploy", "destroy", "outputs"])
    parser.add_argument("--stage", required=True, help="a table of infra/stages.toml")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter's other value"
    )
    arguments = parser.parse_args()
    stage = load(arguments.stage, dict(item.split("=", 1) for item in arguments.set))
    aim_at(stage)
    try:
        _run(arguments.verb, stage)
    except (BotoCoreError, ClientError) as error:
        raise UserError(str(error)) from None


if __name__ == "__main__":
    main()
