"""`make audit`: what outsiders find in the packaged template (checkov) and in the functions'
policies (parliament). Both in an environment of their own, because they pin an old botocore."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from infra.package import package
from infra.stage import ROOT, UserError, load
from infra.venv import ensure

_POLICIES = ROOT / "build" / "audit"
_ACCOUNT = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "task-manager-prod",
    "Table.Arn": "arn:aws:dynamodb:eu-central-1:123456789012:table/tasks",
    "Table.StreamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/tasks/stream/now",
    "Bucket.Arn": "arn:aws:s3:::files",
    "TokenKeys.Id": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:keys",
    "RunJobs.Arn": "arn:aws:lambda:eu-central-1:123456789012:function:run-jobs",
    "DeadLetters.Arn": "arn:aws:sqs:eu-central-1:123456789012:letters",
}


def main() -> None:
    tools = ensure(ROOT / ".local" / "audit-venv", ROOT / "infra" / "tools" / "audit.txt").parent
    template = package(load("prod"))
    checks = ["--config-file", "infra/checkov.yaml", "--framework", "cloudformation"]
    files = ["-f", str(template), "-f", "infra/account.yaml", "-f", "infra/github-role.yaml"]
    _run([str(tools / "checkov"), *checks, *files, "--compact", "--skip-download"])
    print("checkov: no finding beyond infra/checkov.yaml")
    _run([str(tools / "parliament"), "--directory", str(_as_on_aws())])
    print("parliament: no finding")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{Path(command[0]).name} found:\n{done.stdout}{done.stderr}")


def _as_on_aws() -> Path:
    """The policies with the names filled in that CloudFormation would fill in."""
    _POLICIES.mkdir(parents=True, exist_ok=True)
    for policy in (ROOT / ".chalice").glob("policy-*.json"):
        (_POLICIES / policy.name).write_text(json.dumps(_filled_in(json.loads(policy.read_text()))))
    return _POLICIES


def _filled_in(value: Any) -> Any:
    match value:
        case {"Fn::GetAtt": [name, attribute]}:
            return _ACCOUNT[f"{name}.{attribute}"]
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: _ACCOUNT.get(found[1], "x"), text)
        case dict():
            return {key: _filled_in(part) for key, part in value.items()}
        case list():
            return [_filled_in(part) for part in value]
        case _:
            return value


if __name__ == "__main__":
    main()
