"""CloudFormation stacks by change sets: what would change, change it, say which resource failed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError

from infra.stage import UserError

_DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
# A change set was drawn up for the stack and never carried out.
_ONLY_PLANNED = "REVIEW_IN_PROGRESS"
_NEVER_CREATED = {"ROLLBACK_COMPLETE", "CREATE_FAILED"}
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_BEGIN = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"}
_HOUR = 3600
_KINDS = {"Add": "+", "Modify": "~", "Remove": "-", "Import": ">", "Dynamic": "?"}
Stack = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """A change set that waits to be carried out."""

    stack: str
    arn: str
    creates: bool
    changes: list[dict[str, Any]]

    def __str__(self) -> str:
        """One line for each resource; what is replaced, and so loses what it holds, is marked."""
        return "\n".join(sorted(_line(change["ResourceChange"]) for change in self.changes))


def find(name: str) -> Stack | None:
    """The stack as it is; None if there is none, or only a plan of one."""
    try:
        stack = dict(_client().describe_stacks(StackName=name)["Stacks"][0])
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if stack["StackStatus"] == _ONLY_PLANNED else stack


def outputs(stack: Stack) -> dict[str, str]:
    return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}


def plan(name: str, template: str, parameters: dict[str, str]) -> Plan | None:
    """What `template` (an address, or the text itself) would change; None if nothing."""
    stack = find(name)
    _refuse_busy(name, stack)
    made = _client().create_change_set(
        StackName=name,
        ChangeSetName=f"at-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}",
        ChangeSetType="UPDATE" if stack else "CREATE",
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
        **_as_whom(),
        **{"TemplateURL" if template.startswith("https://") else "TemplateBody": template},
    )
    changes = _drawn_up(name, made["Id"])
    return None if changes is None else Plan(name, made["Id"], stack is None, changes)


def drop(planned: Plan) -> None:
    """Forget the plan, and the empty stack that it may have made."""
    _client().delete_change_set(ChangeSetName=planned.arn)
    if planned.creates:
        _client().delete_stack(StackName=planned.stack)


def carry_out(planned: Plan) -> None:
    """Make the changes; CloudFormation undoes all of them if one fails, and this says which."""
    _client().execute_change_set(ChangeSetName=planned.arn)
    done = "stack_create_complete" if planned.creates else "stack_update_complete"
    _wait(done, planned.stack, planned.stack)


def delete(stack: Stack) -> None:
    # By its id: a deleted stack is not found by its name.
    _client().delete_stack(StackName=stack["StackId"])
    _wait("stack_delete_complete", stack["StackId"], stack["StackName"])


def resources(name: str) -> Iterator[dict[str, Any]]:
    pages = _client().get_paginator("list_stack_resources").paginate(StackName=name)
    return (dict(resource) for page in pages for resource in page["StackResourceSummaries"])


def _as_whom() -> dict[str, str]:
    """CI hands CloudFormation a role that may do more than CI itself: infra/github-role.yaml."""
    role = os.environ.get("AWS_STACK_ROLE")
    return {"RoleARN": role} if role else {}


def _client() -> Any:
    return boto3.client("cloudformation")


def _line(change: dict[str, Any]) -> str:
    replaced = {"True": "  REPLACED", "Conditional": "  may be replaced"}
    why = replaced.get(change.get("Replacement", ""), "")
    return (
        f"  {_KINDS[change['Action']]} {change['LogicalResourceId']}  {change['ResourceType']}{why}"
    )


def _refuse_busy(name: str, stack: Stack | None) -> None:
    if stack is None or stack["StackStatus"] in _DONE:
        return
    if stack["StackStatus"] in _NEVER_CREATED:
        stage = name.rpartition("-")[2]
        raise UserError(f"{name} failed when first created: make destroy STAGE={stage}")
    raise UserError(f"{name} can't be changed now: it is {stack['StackStatus']}")


def _drawn_up(name: str, change_set: str) -> list[dict[str, Any]] | None:
    """The changes, once CloudFormation has worked them out."""
    waiter = _client().get_waiter("change_set_create_complete")
    try:
        waiter.wait(ChangeSetName=change_set, WaiterConfig={"Delay": 1, "MaxAttempts": 600})
    except WaiterError as error:
        reason = str(error.last_response.get("StatusReason", error))
        _client().delete_change_set(ChangeSetName=change_set)
        if any(words in reason for words in _NO_CHANGES):
            return None
        raise UserError(f"{name} can't be changed so: {reason}") from None
    pages = _client().get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    return [change for page in pages for change in page["Changes"]]


def _wait(waiter: str, stack: str, name: str) -> None:
    patience = {"Delay": 1, "MaxAttempts": _HOUR}
    try:
        _client().get_waiter(waiter).wait(StackName=stack, WaiterConfig=patience)
    except WaiterError as error:
        found: Any = error.last_response
        status = found["Stacks"][0]["StackStatus"] if "Stacks" in found else str(error)
        lines = [f"{name}: {status}", *_failures(stack)]
        raise UserError("\n".join(lines)) from None


def _failures(stack: str) -> list[str]:
    """Which resources failed in the last operation, and why; those that were merely given up with
    them are left out."""
    return [
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): {_reason(event)}"
        for event in _last_operation(stack)
        if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in _reason(event)
    ]


def _reason(event: dict[str, Any]) -> str:
    return str(event.get("ResourceStatusReason", "no reason given"))


def _last_operation(stack: str) -> Iterator[dict[str, Any]]:
    """Its events, newest first."""
    pages = _client().get_paginator("describe_stack_events").paginate(StackName=stack)
    for event in (event for page in pages for event in page["StackEvents"]):
        yield event
        if event["PhysicalResourceId"] == event["StackId"] and event["ResourceStatus"] in _BEGIN:
            return
