"""`make audit`: check the packaged template with checkov and the IAM policies with parliament.

Both tools run in their own virtual environment, because they pin an old botocore.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from infra.packaging.package import package
from infra.stage import ROOT, UserError, load_stage
from infra.venv import ensure_venv

_POLICIES = ROOT / "build" / "audit"
_SAMPLE_VALUES = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "task-manager-prod",
    "Table.Arn": "arn:aws:dynamodb:eu-central-1:123456789012:table/tasks",
    "Table.StreamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/tasks/stream/now",
    "Bucket.Arn": "arn:aws:s3:::files",
    "TokenKeys.Id": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:keys",
    "ClientSecrets": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:clients",
    "OriginKey": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:origin",
    "RunJobs.Arn": "arn:aws:lambda:eu-central-1:123456789012:function:run-jobs",
    "LiveEvents.Arn": "arn:aws:sqs:eu-central-1:123456789012:live-events.fifo",
    "WebhookDeliveries.Arn": "arn:aws:sqs:eu-central-1:123456789012:webhooks.fifo",
    "WebhookKeys.Id": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:webhooks",
    "SecondFactorKeys.Id": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:factors",
    "LiveApi": "abcdefghij",
    "DeadLetters.Arn": "arn:aws:sqs:eu-central-1:123456789012:letters",
}


def main() -> None:
    requirements = ROOT / "infra" / "tools" / "audit.txt"
    tools = ensure_venv(ROOT / ".local" / "audit-venv", requirements).parent
    template = package(load_stage("prod"))
    checks = ["--config-file", "infra/checkov.yaml", "--framework", "cloudformation"]
    files = ["-f", str(template), "-f", "infra/account.yaml", "-f", "infra/github-role.yaml"]
    _run([str(tools / "checkov"), *checks, *files, "--compact", "--skip-download"])
    print("checkov: no finding beyond infra/checkov.yaml")
    _run([str(tools / "parliament"), "--directory", str(_write_policies())])
    print("parliament: no finding")


def _run(command: list[str]) -> None:
    """Run a tool. Raises UserError with its output when it reports a finding."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{Path(command[0]).name} found:\n{done.stdout}{done.stderr}")


def _write_policies() -> Path:
    """Write the policies, with sample values for intrinsic functions; return their folder."""
    _POLICIES.mkdir(parents=True, exist_ok=True)
    for policy in (ROOT / ".chalice").glob("policy-*.json"):
        content = resolve_intrinsics(json.loads(policy.read_text()))
        (_POLICIES / policy.name).write_text(json.dumps(content))
    return _POLICIES


def resolve_intrinsics(value: Any) -> Any:
    """Return `value` with sample values in place of intrinsic functions; conditions are true."""
    match value:
        case {"Fn::GetAtt": [name, attribute]}:
            return _SAMPLE_VALUES[f"{name}.{attribute}"]
        case {"Fn::If": [_, then, _]}:
            return resolve_intrinsics(then)
        case {"Ref": name}:
            return _SAMPLE_VALUES[name]
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: _SAMPLE_VALUES.get(found[1], "x"), text)
        case dict():
            return {key: resolve_intrinsics(part) for key, part in value.items()}
        case list():
            return [resolve_intrinsics(part) for part in value]
        case _:
            return value


if __name__ == "__main__":
    main()
