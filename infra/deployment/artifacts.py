"""Deployment artifacts: code and templates in the S3 bucket that all stages of an account share."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.deployment import stacks
from infra.stage import APP_NAME, ROOT, Stage
from infra.template import read_template

ACCOUNT_STACK = f"{APP_NAME}-account"
_ACCOUNT_TEMPLATE = ROOT / "infra" / "account.yaml"
# The property that names a resource's zip file.
_CODE_PROPERTIES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}


def upload_artifacts(stage: Stage, template: Path) -> str:
    """Upload the packaged code and the template; return the template's URL.

    An object's key contains the hash of its content, so unchanged files are not uploaded again.
    """
    bucket = _ensure_bucket()
    content = read_template(template)

    @cache  # all functions share one zip file
    def upload_zip(name: str) -> str:
        return _upload(bucket, stage, (template.parent / name).read_bytes(), ".zip")

    for resource in content["Resources"].values():
        if code_property := _CODE_PROPERTIES.get(resource["Type"]):
            key = upload_zip(resource["Properties"][code_property])
            resource["Properties"][code_property] = {"Bucket": bucket, "Key": key}
    key = _upload(bucket, stage, json.dumps(content, sort_keys=True).encode(), ".json")
    return f"https://s3.{boto3.Session().region_name}.amazonaws.com/{bucket}/{key}"


def remove_artifacts(stage: Stage) -> None:
    """Delete the stage's artifacts, and the account stack if no other stage has artifacts in it."""
    account = stacks.find_stack(ACCOUNT_STACK)
    if account is None:
        return
    bucket = boto3.resource("s3").Bucket(stacks.get_outputs(account)["ArtifactsBucket"])
    bucket.object_versions.filter(Prefix=f"{stage.stack}/").delete()
    if not any(bucket.object_versions.limit(1)):
        stacks.delete_stack(account)


def _ensure_bucket() -> str:
    """Return the name of the artifacts bucket; create the account stack if it does not exist."""
    account = stacks.find_stack(ACCOUNT_STACK)
    if account is None:
        print(f"  creating {ACCOUNT_STACK}", flush=True)
        change_set = stacks.create_change_set(ACCOUNT_STACK, _ACCOUNT_TEMPLATE.read_text(), {})
        assert change_set is not None
        stacks.execute_change_set(change_set)
        account = stacks.find_stack(ACCOUNT_STACK) or {}
    return stacks.get_outputs(account)["ArtifactsBucket"]


def _upload(bucket: str, stage: Stage, content: bytes, suffix: str) -> str:
    key = f"{stage.stack}/{hashlib.sha256(content).hexdigest()}{suffix}"
    s3: Any = boto3.client("s3")
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        print(f"  uploading {len(content) / 1e6:.1f} MB", flush=True)
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    return key
