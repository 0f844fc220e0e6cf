"""Create, change and delete CloudFormation stacks with change sets, and import resources."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError

from infra.stage import UserError

_CHANGEABLE = {
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
}
# The stack has a change set that was never executed.
_NOT_CREATED_YET = "REVIEW_IN_PROGRESS"
_CREATION_FAILED = {"ROLLBACK_COMPLETE", "CREATE_FAILED"}
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_OPERATION_STARTED = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"}
_HOUR = 3600
_SYMBOLS = {"Add": "+", "Modify": "~", "Remove": "-", "Import": ">", "Dynamic": "?"}
_REPLACEMENTS = {"True": "  REPLACED", "Conditional": "  may be replaced"}
Stack = dict[str, Any]


@dataclass(frozen=True)
class ChangeSet:
    """A change set that has not been executed yet."""

    stack: str
    arn: str
    kind: str  # CREATE, UPDATE or IMPORT
    changes: list[dict[str, Any]]

    def __str__(self) -> str:
        """Return one line per resource; replaced resources, which lose their data, are marked."""
        return "\n".join(sorted(_format_change(each["ResourceChange"]) for each in self.changes))


def find_stack(name: str) -> Stack | None:
    """Return the stack's description; None if it does not exist or was never created."""
    try:
        stack = dict(_client().describe_stacks(StackName=name)["Stacks"][0])
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if stack["StackStatus"] == _NOT_CREATED_YET else stack


def get_outputs(stack: Stack) -> dict[str, str]:
    """Return the stack's outputs by key."""
    return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}


def create_change_set(
    name: str,
    template: str,
    parameters: dict[str, str],
    imports: Sequence[dict[str, Any]] = (),
) -> ChangeSet | None:
    """Create a change set for the stack `name`; return None if nothing would change.

    `template` is an https URL or the template's text. `imports` are existing resources that become
    part of the stack, as CloudFormation's `ResourceToImport`; then the template may add no others.
    Raises UserError when CloudFormation refuses the template, or when the stack is in a state that
    cannot be changed.
    """
    stack = find_stack(name)
    _check_can_change(name, stack)
    kind = "IMPORT" if imports else "UPDATE" if stack else "CREATE"
    created = _client().create_change_set(
        StackName=name,
        ChangeSetName=f"at-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}",
        ChangeSetType=kind,
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
        **_get_role(),
        **({"ResourcesToImport": imports} if imports else {}),
        **{"TemplateURL" if template.startswith("https://") else "TemplateBody": template},
    )
    changes = _wait_for_changes(name, created["Id"])
    return None if changes is None else ChangeSet(name, created["Id"], kind, changes)


def discard_change_set(change_set: ChangeSet) -> None:
    """Delete the change set, and the empty stack that it may have created."""
    _client().delete_change_set(ChangeSetName=change_set.arn)
    if change_set.kind == "CREATE":
        _client().delete_stack(StackName=change_set.stack)


def execute_change_set(change_set: ChangeSet) -> None:
    """Execute the change set.

    Raises UserError with the failed resources when CloudFormation rolls the changes back.
    """
    _client().execute_change_set(ChangeSetName=change_set.arn)
    waiter = f"stack_{change_set.kind.lower()}_complete"
    _wait(waiter, change_set.stack, change_set.stack)


def delete_stack(stack: Stack) -> None:
    """Delete the stack and wait until it is gone. Raises UserError when that fails."""
    # A deleted stack is found by its id only, not by its name.
    _client().delete_stack(StackName=stack["StackId"])
    _wait("stack_delete_complete", stack["StackId"], stack["StackName"])


def list_resources(name: str) -> Iterator[dict[str, Any]]:
    """Yield the resource summaries of the stack `name`."""
    pages = _client().get_paginator("list_stack_resources").paginate(StackName=name)
    return (dict(resource) for page in pages for resource in page["StackResourceSummaries"])


def _get_role() -> dict[str, str]:
    """Return the service role for CloudFormation, which has more rights than CI itself.

    See infra/github-role.yaml.
    """
    role = os.environ.get("AWS_STACK_ROLE")
    return {"RoleARN": role} if role else {}


def _client() -> Any:
    return boto3.client("cloudformation")


def _format_change(change: dict[str, Any]) -> str:
    replacement = _REPLACEMENTS.get(change.get("Replacement", ""), "")
    resource = f"{change['LogicalResourceId']}  {change['ResourceType']}"
    return f"  {_SYMBOLS[change['Action']]} {resource}{replacement}"


def _check_can_change(name: str, stack: Stack | None) -> None:
    if stack is None or stack["StackStatus"] in _CHANGEABLE:
        return
    if stack["StackStatus"] in _CREATION_FAILED:
        stage = name.rpartition("-")[2]
        raise UserError(f"{name} failed when first created: make destroy STAGE={stage}")
    raise UserError(f"{name} can't be changed now: it is {stack['StackStatus']}")


def _wait_for_changes(name: str, arn: str) -> list[dict[str, Any]] | None:
    """Wait until the change set is ready; return its changes, or None if there are none."""
    waiter = _client().get_waiter("change_set_create_complete")
    try:
        waiter.wait(ChangeSetName=arn, WaiterConfig={"Delay": 1, "MaxAttempts": 600})
    except WaiterError as error:
        reason = str(error.last_response.get("StatusReason", error))
        _client().delete_change_set(ChangeSetName=arn)
        if any(words in reason for words in _NO_CHANGES):
            return None
        raise UserError(f"{name} can't be changed: {reason}") from None
    pages = _client().get_paginator("describe_change_set").paginate(ChangeSetName=arn)
    return [change for page in pages for change in page["Changes"]]


def _wait(waiter: str, stack: str, name: str) -> None:
    config = {"Delay": 1, "MaxAttempts": _HOUR}
    try:
        _client().get_waiter(waiter).wait(StackName=stack, WaiterConfig=config)
    except WaiterError as error:
        response: Any = error.last_response
        status = response["Stacks"][0]["StackStatus"] if "Stacks" in response else str(error)
        lines = [f"{name}: {status}", *_describe_failures(stack)]
        raise UserError("\n".join(lines)) from None


def _describe_failures(stack: str) -> list[str]:
    """Return one line for each resource that failed in the last operation.

    Resources that were only canceled because another one failed are left out.
    """
    return [
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): {_get_reason(event)}"
        for event in _list_last_operation(stack)
        if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in _get_reason(event)
    ]


def _get_reason(event: dict[str, Any]) -> str:
    return str(event.get("ResourceStatusReason", "no reason given"))


def _list_last_operation(stack: str) -> Iterator[dict[str, Any]]:
    """Yield the events of the stack's last operation, newest first."""
    pages = _client().get_paginator("describe_stack_events").paginate(StackName=stack)
    for event in (event for page in pages for event in page["StackEvents"]):
        yield event
        is_stack = event["PhysicalResourceId"] == event["StackId"]
        if is_stack and event["ResourceStatus"] in _OPERATION_STARTED:
            return
