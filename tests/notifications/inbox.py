"""Reads and settings of inboxes that several tests use."""

from typing import Any

from tests.support import Person

NOTIFICATIONS = "/api/notifications"
KINDS = ("assigned", "due_soon", "comment", "mentioned", "weekly_report", "reminder", "overdue")


def list_inbox(person: Person, query: str = "") -> list[dict[str, Any]]:
    """Return all notifications of a person, the newest first."""
    return person.list_all(f"{NOTIFICATIONS}?limit=100{query}")


def count_unread(person: Person) -> int:
    answer = person.get(f"{NOTIFICATIONS}/unread-count")
    assert answer.status_code == 200, answer.json_body
    return int(answer.json_body["unread"])


def set_profile(person: Person, **fields: Any) -> dict[str, Any]:
    """Change a person's profile and return it."""
    answer = person.patch("/api/auth/profile", fields)
    assert answer.status_code == 200, answer.json_body
    profile: dict[str, Any] = answer.json_body
    return profile
