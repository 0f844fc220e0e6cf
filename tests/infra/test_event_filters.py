"""event_filters.py selects the events that the template's stream mappings select."""

import json
from typing import Any

import pytest

from infra.operations.event_filters import UnsupportedPattern, matches_any
from infra.stage import ROOT


def _patterns(resources: dict[str, Any], mapping: str) -> list[dict[str, Any]]:
    filters = resources[mapping]["Properties"]["FilterCriteria"]["Filters"]
    return [json.loads(each["Pattern"]) for each in filters]


def _records(event: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads((ROOT / f"events/{event}.json").read_text())[
        "Records"
    ]
    return records


@pytest.mark.parametrize(
    ("mapping", "event", "selected"),
    [
        ("MailStream", "dispatch_mail", True),
        ("MailStream", "follow_changes", False),
        ("MailStream", "run_jobs", False),
        ("TaskStream", "follow_changes", True),
        ("TaskStream", "run_jobs", True),
        ("TaskStream", "dispatch_mail", False),
    ],
)
def test_a_mapping_selects_its_own_records(
    resources: dict[str, Any], mapping: str, event: str, selected: bool
) -> None:
    for record in _records(event):
        assert matches_any(_patterns(resources, mapping), record) == selected


def test_a_changed_mail_is_not_a_new_mail(resources: dict[str, Any]) -> None:
    for record in _records("dispatch_mail"):
        changed = record | {"eventName": "MODIFY"}
        assert not matches_any(_patterns(resources, "MailStream"), changed)


@pytest.mark.parametrize(
    ("event", "status", "selected"),
    [
        ("INSERT", "waiting", True),
        ("INSERT", "uploading", False),
        ("MODIFY", "waiting", True),
        ("MODIFY", "running", False),
        ("MODIFY", "done", False),
    ],
)
def test_a_job_is_selected_when_it_waits(
    resources: dict[str, Any], event: str, status: str, selected: bool
) -> None:
    for record in _records("run_jobs"):
        image = record["dynamodb"]["NewImage"] | {"status": {"S": status}}
        changed = record | {
            "eventName": event,
            "dynamodb": record["dynamodb"] | {"NewImage": image},
        }
        assert matches_any(_patterns(resources, "TaskStream"), changed) == selected


def test_without_patterns_every_event_is_selected() -> None:
    assert matches_any([], {"anything": 1})


def test_an_unknown_operator_is_an_error() -> None:
    with pytest.raises(UnsupportedPattern):
        matches_any([{"a": [{"exists": True}]}], {"a": 1})
