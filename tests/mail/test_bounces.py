"""Bounces and complaints reported by SES."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from tests.support import Person, extract_token, mails_to


@pytest.fixture
def bounce(sample_event: Any, bob: Person) -> dict[str, Any]:
    """The event that mail to Bob bounced just now."""
    sample: dict[str, Any] = sample_event("mail_feedback")
    _set_time(sample["detail"]["bounce"], now())
    sample["detail"]["bounce"]["bouncedRecipients"][0]["emailAddress"] = bob.email.upper()
    return sample


@pytest.fixture
def complaint(bounce: dict[str, Any], bob: Person) -> dict[str, Any]:
    sample = deepcopy(bounce)
    report = {
        "complainedRecipients": [{"emailAddress": bob.email}],
        "complaintFeedbackType": "abuse",
        "timestamp": sample["detail"].pop("bounce")["timestamp"],
    }
    sample["detail"] |= {"eventType": "Complaint", "complaint": report}
    return sample


def _set_time(report: dict[str, Any], at: datetime) -> None:
    report["timestamp"] = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def _assign(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    ann.create_task(project, assigned_to=bob.id)


def _assignment_mail_arrives(ann: Person, bob: Person) -> bool:
    """Whether Bob gets the mail about an assignment."""
    before = len(list(mails_to(bob, "Assigned")))
    _assign(ann, bob)
    sweep_outbox(now())
    return len(list(mails_to(bob, "Assigned"))) > before


def _verify(bob: Person) -> None:
    bob.post("/api/auth/resend-verification", {"email": bob.email})
    sweep_outbox(now())
    *_, mail = mails_to(bob, "Confirm")
    answer = bob.post("/api/auth/verify-email", {"token": extract_token(mail)})
    assert answer.status_code == 204


@pytest.mark.parametrize("kind", ["bounce", "complaint"])
def test_a_reported_address_gets_no_mail_until_it_is_verified_again(
    ann: Person, bob: Person, invoke: Any, kind: str, request: pytest.FixtureRequest
) -> None:
    report = request.getfixturevalue(kind)
    assert _assignment_mail_arrives(ann, bob)
    assert invoke("mail_feedback", report) == {"suppressed": 1, "known": 0}
    assert not _assignment_mail_arrives(ann, bob)
    assert bob.get("/api/auth/profile").json_body["is_verified"] is False
    assert _assignment_mail_arrives(bob, ann)
    _verify(bob)
    assert _assignment_mail_arrives(ann, bob)


def test_a_report_delivered_again_after_the_verification_changes_nothing(
    ann: Person, bob: Person, invoke: Any, bounce: dict[str, Any], complaint: dict[str, Any]
) -> None:
    invoke("mail_feedback", bounce)
    assert invoke("mail_feedback", bounce) == {"suppressed": 0, "known": 1}
    _verify(bob)
    for late in (bounce, complaint):
        assert invoke("mail_feedback", late) == {"suppressed": 0, "known": 1}
    assert _assignment_mail_arrives(ann, bob)
    assert bob.get("/api/auth/profile").json_body["is_verified"] is True


def test_the_order_of_reports_does_not_matter(
    ann: Person, bob: Person, invoke: Any, bounce: dict[str, Any], complaint: dict[str, Any]
) -> None:
    _set_time(complaint["detail"]["complaint"], now() - timedelta(days=1))
    assert invoke("mail_feedback", bounce)["suppressed"] == 1
    assert invoke("mail_feedback", complaint)["suppressed"] == 0
    assert not _assignment_mail_arrives(ann, bob)


def test_a_transient_bounce_and_a_not_spam_report_suppress_nothing(
    ann: Person, bob: Person, invoke: Any, bounce: dict[str, Any], complaint: dict[str, Any]
) -> None:
    bounce["detail"]["bounce"]["bounceType"] = "Transient"
    complaint["detail"]["complaint"]["complaintFeedbackType"] = "not-spam"
    for report in (bounce, complaint):
        assert invoke("mail_feedback", report) == {"suppressed": 0, "known": 0}
    assert _assignment_mail_arrives(ann, bob)


def test_an_address_without_an_account_is_suppressed_too(
    cloud: None, sample_event: Any, invoke: Any
) -> None:
    assert invoke("mail_feedback", sample_event("mail_feedback")) == {"suppressed": 1, "known": 0}
