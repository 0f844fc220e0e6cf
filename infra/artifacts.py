"""Where code waits for its deployment: the stack that all stages of an account share."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra import stacks
from infra.stage import APP_NAME, ROOT, Stage
from infra.template import read

ACCOUNT_STACK = f"{APP_NAME}-account"
_TEMPLATE = ROOT / "infra" / "account.yaml"
# Where a resource names its zip.
_CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def upload(stage: Stage, template: Path) -> str:
    """Put the packaged code and the template where CloudFormation finds them; returns the
    template's address. Files are named after their content, so nothing is sent twice."""
    bucket = _bucket()
    content = read(template)

    @cache
    def put(name: str) -> str:
        """All functions name the same zip."""
        return _put(bucket, stage, (template.parent / name).read_bytes(), ".zip")

    for resource in content["Resources"].values():
        if place := _CODE.get(resource["Type"]):
            key = put(resource["Properties"][place])
            resource["Properties"][place] = {"Bucket": bucket, "Key": key}
    key = _put(bucket, stage, json.dumps(content, sort_keys=True).encode(), ".json")
    return f"https://s3.{boto3.Session().region_name}.amazonaws.com/{bucket}/{key}"


def remove(stage: Stage) -> None:
    """Remove what a stage has uploaded, and what the account shared if no other stage is left."""
    shared = stacks.find(ACCOUNT_STACK)
    if shared is None:
        return
    bucket = boto3.resource("s3").Bucket(stacks.outputs(shared)["ArtifactsBucket"])
    bucket.object_versions.filter(Prefix=f"{stage.stack}/").delete()
    if not any(bucket.object_versions.limit(1)):
        stacks.delete(shared)


def _bucket() -> str:
    shared = stacks.find(ACCOUNT_STACK)
    if shared is None:
        print(f"  making {ACCOUNT_STACK}", flush=True)
        planned = stacks.plan(ACCOUNT_STACK, _TEMPLATE.read_text(), {})
        assert planned is not None
        stacks.carry_out(planned)
        shared = stacks.find(ACCOUNT_STACK) or {}
    return stacks.outputs(shared)["ArtifactsBucket"]


def _put(bucket: str, stage: Stage, content: bytes, suffix: str) -> str:
    key = f"{stage.stack}/{hashlib.sha256(content).hexdigest()}{suffix}"
    s3: Any = boto3.client("s3")
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        print(f"  uploading {len(content) / 1e6:.1f} MB", flush=True)
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    return key
