"""Calendar feeds: their addresses, who may read them, and conditional requests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import time_machine
from chalice.test import HTTPResponse

from chalicelib.accounts.staff import make_staff
from chalicelib.clock import now
from tests.support import PASSWORD, Api, Person, error_locations

FEEDS = "/api/calendar-feeds"


def create_feed(person: Person, **body: Any) -> dict[str, Any]:
    """Create a feed and return its JSON."""
    answer = person.post(FEEDS, {"name": "Work", **body})
    assert answer.status_code == 201, answer.json_body
    feed: dict[str, Any] = answer.json_body
    return feed


def path_of(feed: dict[str, Any]) -> str:
    """Return the path of the feed's calendar."""
    return str(feed["url"]).removeprefix("https://api.example.com/v1")


def read(anonymous: Api, feed: dict[str, Any], **headers: str) -> HTTPResponse:
    """Read the feed's calendar as a calendar program does."""
    return anonymous.get(path_of(feed), headers=headers)


def test_the_address_is_shown_once_and_gives_the_calendar(anonymous: Api, ann: Person) -> None:
    feed = create_feed(ann)
    (listed,) = ann.get(FEEDS).json_body["items"]
    assert listed == {name: value for name, value in feed.items() if name != "url"}
    answer = read(anonymous, feed)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.body.startswith(b"BEGIN:VCALENDAR\r\n")


def test_the_last_use_is_recorded(anonymous: Api, ann: Person) -> None:
    feed = create_feed(ann)
    assert feed["last_used_at"] is None
    read(anonymous, feed)
    assert ann.get(FEEDS).json_body["items"][0]["last_used_at"] is not None


def test_a_deleted_feed_is_not_found(anonymous: Api, ann: Person) -> None:
    feed, other = create_feed(ann), create_feed(ann)
    assert ann.delete(f"{FEEDS}/{feed['id']}").status_code == 204
    assert read(anonymous, feed).status_code == 404
    assert read(anonymous, other).status_code == 200
    assert ann.delete(f"{FEEDS}/{feed['id']}").status_code == 404


def test_nobody_sees_or_deletes_the_feeds_of_others(
    anonymous: Api, ann: Person, bob: Person
) -> None:
    feed = create_feed(ann)
    assert bob.get(FEEDS).json_body["items"] == []
    assert bob.delete(f"{FEEDS}/{feed['id']}").status_code == 404
    assert read(anonymous, feed).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda address: address.removesuffix(".ics"),
        lambda address: address[:-5] + ("A" if address[-5] != "A" else "B") + ".ics",
        lambda address: address.replace("tmc_", "tmk_"),
        lambda address: address + "x",
        lambda address: "x",
    ],
)
def test_another_address_is_not_found(
    anonymous: Api, ann: Person, change: Callable[[str], str]
) -> None:
    folder, _, address = path_of(create_feed(ann)).rpartition("/")
    answer = anonymous.get(f"{folder}/{change(address)}")
    assert (answer.status_code, answer.json_body["code"]) == (404, "not_found")


def test_the_secret_of_a_feed_is_no_api_token(anonymous: Api, ann: Person, client: Any) -> None:
    address = path_of(create_feed(ann)).rpartition("/")[2]
    for credential in (address, address.removesuffix(".ics").replace("tmc_", "tmk_")):
        assert Api(client, credential).get("/api/tasks").status_code == 401


def test_an_api_token_may_not_share_calendars(ann: Person, client: Any) -> None:
    script = ann.use_token("tasks:read")
    for answer in (script.get(FEEDS), script.post(FEEDS, {"name": "Work"})):
        assert (answer.status_code, answer.json_body["code"]) == (403, "scope_missing")


def test_a_feed_of_a_project_ends_with_the_membership(
    anonymous: Api, ann: Person, bob: Person
) -> None:
    project = ann.create_project()
    assert bob.post(FEEDS, {"name": "Work", "project": project}).status_code == 404
    ann.add_member(project, bob, "viewer")
    feed = create_feed(bob, project=project)
    assert read(anonymous, feed).status_code == 200
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert read(anonymous, feed).status_code == 404


def test_a_new_password_ends_all_feeds(anonymous: Api, ann: Person) -> None:
    feed = create_feed(ann)
    new = {"new_password": "another horse battery", "new_password_confirm": "another horse battery"}
    assert ann.post("/api/auth/change-password", {"password": PASSWORD, **new}).status_code == 204
    assert read(anonymous, feed).status_code == 404
    assert ann.get(FEEDS).json_body["items"] == []


def test_a_disabled_account_has_no_calendar(anonymous: Api, ann: Person, bob: Person) -> None:
    feed = create_feed(ann)
    assert make_staff(email=bob.email, now=now()) is None
    assert bob.call("PATCH", f"/api/admin/users/{ann.id}", {"is_disabled": True}).status_code == 200
    assert read(anonymous, feed).status_code == 404


def test_a_repeated_create_gives_the_same_address(ann: Person) -> None:
    headers = {"Idempotency-Key": "feed-1"}
    answers = [ann.post(FEEDS, {"name": "Work"}, headers=headers) for _ in range(2)]
    assert answers[0].json_body == answers[1].json_body
    assert len(ann.get(FEEDS).json_body["items"]) == 1


def test_every_wrong_field_is_named(ann: Person) -> None:
    answer = ann.post(FEEDS, {"name": "", "show_as": "dots", "color": "red"})
    assert answer.status_code == 422
    assert sorted(error_locations(answer)) == ["color", "name", "show_as"]


def test_an_unchanged_calendar_is_not_sent_again(anonymous: Api, ann: Person) -> None:
    feed = create_feed(ann)
    first = read(anonymous, feed)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5)):
        again = read(anonymous, feed, **{"If-None-Match": first.headers["ETag"]})
        dated = read(anonymous, feed, **{"If-Modified-Since": first.headers["Last-Modified"]})
    assert (again.status_code, dated.status_code) == (304, 304)
    assert again.headers["Last-Modified"] == first.headers["Last-Modified"]


def test_a_task_that_is_gone_changes_the_time_of_the_calendar(anonymous: Api, ann: Person) -> None:
    project = ann.create_project()
    task = ann.create_task(project, due_date="2030-01-01")
    feed = create_feed(ann, project=project)
    first = read(anonymous, feed)
    later = datetime.now(UTC) + timedelta(minutes=5)
    with time_machine.travel(later, tick=False):
        ann.log_in()
        ann.delete(f"/api/tasks/{task['id']}")
        second = read(anonymous, feed, **{"If-Modified-Since": first.headers["Last-Modified"]})
    assert second.status_code == 200
    assert second.headers["ETag"] != first.headers["ETag"]
    assert second.headers["Last-Modified"] == format_datetime(later, usegmt=True)


@pytest.mark.parametrize("since", ["yesterday", "Sun, 29 Nov 2026 21:00:00", ""])
def test_an_unreadable_date_is_ignored(anonymous: Api, ann: Person, since: str) -> None:
    assert read(anonymous, create_feed(ann), **{"If-Modified-Since": since}).status_code == 200
