"""Least privilege: each function has a hand-written policy with named actions and resources."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra import audit
from infra.stage import ROOT

POLICIES = sorted((ROOT / ".chalice").glob("policy-*.json"))
# AWS supports no resources for these actions, so the policy must contain "*".
WITHOUT_RESOURCE = {
    "dynamodb:ListStreams",
    "ses:GetSendQuota",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
Statement = dict[str, Any]


def read_statements(policy: Path) -> list[Statement]:
    return list(json.loads(policy.read_text())["Statement"])


def list_actions(policy: Path) -> set[str]:
    return {action for statement in read_statements(policy) for action in statement["Action"]}


def test_every_function_has_a_policy_and_every_policy_a_function() -> None:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    assert config["autogen_policy"] is False
    named = {f["iam_policy_file"] for f in config["lambda_functions"].values()}
    assert named == {policy.name for policy in POLICIES}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.stem)
def test_no_action_is_a_wildcard(policy: Path) -> None:
    assert {action for action in list_actions(policy) if "*" in action} == set()


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.stem)
def test_every_resource_belongs_to_the_stack(policy: Path) -> None:
    for statement in read_statements(policy):
        if statement["Resource"] == "*":
            assert set(statement["Action"]) <= WITHOUT_RESOURCE, statement["Sid"]
            continue
        named = statement["Resource"]
        for resource in named if isinstance(named, list) else [named]:
            assert set(resource) & {"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::If"}, statement["Sid"]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.stem)
def test_no_function_may_scan_or_manage_tables(policy: Path) -> None:
    forbidden = {"dynamodb:Scan", "dynamodb:DeleteTable", "dynamodb:UpdateTable"}
    assert list_actions(policy) & forbidden == set()


def test_only_mail_functions_may_send_mail() -> None:
    mailing = {policy.stem for policy in POLICIES if "ses:SendRawEmail" in list_actions(policy)}
    assert mailing == {"policy-dispatch_mail", "policy-sweep_mail"}


def _list_secret_readers(secret: str) -> set[str]:
    """Return the functions that may read a secret."""
    return {
        policy.stem.removeprefix("policy-")
        for policy in POLICIES
        for statement in read_statements(policy)
        if "secretsmanager:GetSecretValue" in statement["Action"]
        and secret in json.dumps(statement["Resource"])
    }


def test_only_functions_that_sign_tokens_read_the_signing_keys() -> None:
    signing = {"api_handler", "dispatch_mail", "sweep_mail", "live_socket", "send_events"}
    assert _list_secret_readers("TokenKeys") == signing


def test_only_the_api_and_the_deliveries_read_the_keys_of_webhooks() -> None:
    assert _list_secret_readers("WebhookKeys") == {"api_handler", "deliver_webhooks"}


def test_only_the_api_reads_the_keys_of_second_factors() -> None:
    assert _list_secret_readers("SecondFactorKeys") == {"api_handler"}


def test_only_the_api_reads_the_client_secrets_of_identity_providers() -> None:
    assert _list_secret_readers("ClientSecrets") == {"api_handler"}


def test_only_functions_of_live_connections_reach_them() -> None:
    action = "execute-api:ManageConnections"
    reaching = {policy.stem for policy in POLICIES if action in list_actions(policy)}
    assert reaching == {"policy-live_socket", "policy-send_events"}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.stem)
def test_every_function_writes_to_its_own_log_group_only(policy: Path) -> None:
    (log,) = [s for s in read_statements(policy) if "logs:PutLogEvents" in s["Action"]]
    function = policy.stem.removeprefix("policy-")
    logical = "APIHandler" if function == "api_handler" else function.title().replace("_", "")
    assert log["Resource"]["Fn::Sub"].endswith(f"/aws/lambda/${{AWS::StackName}}-{logical}-*")


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.stem)
def test_the_audit_resolves_every_intrinsic_function_in_a_policy(policy: Path) -> None:
    assert "Fn::" not in json.dumps(audit.resolve_intrinsics(json.loads(policy.read_text())))
