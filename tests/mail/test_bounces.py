"""Bounces and complaints, as SES reports them."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.support import Person, mails_to, token_in


@pytest.fixture
def bounce(event: Any, bob: Person) -> dict[str, Any]:
    """Mail to Bob came back just now."""
    sample: dict[str, Any] = event("mail_feedback")
    _dated(sample["detail"]["bounce"], now())
    sample["detail"]["bounce"]["bouncedRecipients"][0]["emailAddress"] = bob.email.upper()
    return sample


@pytest.fixture
def complaint(bounce: dict[str, Any], bob: Person) -> dict[str, Any]:
    sample = deepcopy(bounce)
    notice = {
        "complainedRecipients": [{"emailAddress": bob.email}],
        "complaintFeedbackType": "abuse",
        "timestamp": sample["detail"].pop("bounce")["timestamp"],
    }
    sample["detail"] |= {"eventType": "Complaint", "complaint": notice}
    return sample


def _dated(notice: dict[str, Any], at: datetime) -> None:
    notice["timestamp"] = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def _assign(ann: Person, bob: Person) -> None:
    project = ann.starts_project()
    ann.lets_in(project, bob)
    ann.adds_task(project, assigned_to=bob.id)


def _arrives(ann: Person, bob: Person) -> bool:
    """Whether the mail of an assignment gets through."""
    before = len(list(mails_to(bob, "Assigned")))
    _assign(ann, bob)
    sweep_outbox(now())
    return len(list(mails_to(bob, "Assigned"))) > before


def _verifies(bob: Person) -> None:
    bob.post("/api/auth/resend-verification", {"email": bob.email})
    sweep_outbox(now())
    *_, mail = mails_to(bob, "Confirm")
    answer = bob.post("/api/auth/verify-email", {"token": token_in(mail)})
    assert answer.status_code == 204


@pytest.mark.parametrize("kind", ["bounce", "complaint"])
def test_nothing_is_sent_to_a_bad_address_until_it_is_verified_anew(
    ann: Person, bob: Person, invoke: Any, kind: str, request: pytest.FixtureRequest
) -> None:
    report = request.getfixturevalue(kind)
    assert _arrives(ann, bob)
    assert invoke("mail_feedback", report) == {"suppressed": 1, "known": 0}
    assert not _arrives(ann, bob)
    assert bob.get("/api/auth/profile").json_body["is_verified"] is False
    assert _arrives(bob, ann)
    _verifies(bob)
    assert _arrives(ann, bob)


def test_a_report_that_comes_again_after_the_verification_changes_nothing(
    ann: Person, bob: Person, invoke: Any, bounce: dict[str, Any], complaint: dict[str, Any]
) -> None:
    invoke("mail_feedback", bounce)
    assert invoke("mail_feedback", bounce) == {"suppressed": 0, "known": 1}
    _verifies(bob)
    for late in (bounce, complaint):
        assert invoke("mail_feedback", late) == {"suppressed": 0, "known": 1}
    assert _arrives(ann, bob)
    assert bob.get("/api/auth/profile").json_body["is_verified"] is True


def test_reports_in_the_wrong_order_end_like_those_in_the_right_one(
    ann: Person, bob: Person, invoke: Any, bounce: dict[str, Any], complaint: dict[str, Any]
) -> None:
    _dated(complaint["detail"]["complaint"], now() - timedelta(days=1))
    assert invoke("mail_feedback", bounce)["suppressed"] == 1
    assert invoke("mail_feedback", complaint)["suppressed"] == 0
    assert not _arrives(ann, bob)


def test_a_bounce_that_passes_and_a_complaint_that_is_none_suppress_nobody(
    ann: Person, bob: Person, invoke: Any, bounce: dict[str, Any], complaint: dict[str, Any]
) -> None:
    bounce["detail"]["bounce"]["bounceType"] = "Transient"
    complaint["detail"]["complaint"]["complaintFeedbackType"] = "not-spam"
    for report in (bounce, complaint):
        assert invoke("mail_feedback", report) == {"suppressed": 0, "known": 0}
    assert _arrives(ann, bob)


def test_an_address_of_nobody_is_suppressed_too(cloud: None, event: Any, invoke: Any) -> None:
    assert invoke("mail_feedback", event("mail_feedback")) == {"suppressed": 1, "known": 0}
