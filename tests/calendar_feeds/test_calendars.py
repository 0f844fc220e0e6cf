"""The content of calendars: to-dos and events, days and times, alarms, and text as it is."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from icalendar import Calendar, Component

from tests.calendar_feeds.test_calendar_feeds import create_feed, read
from tests.support import Api, Person


def read_components(anonymous: Api, feed: dict[str, Any]) -> list[Component]:
    """Read the feed's calendar and return its to-dos and events."""
    return list(Calendar.from_ical(read(anonymous, feed).body).subcomponents)


def read_one(anonymous: Api, person: Person, show_as: str, **fields: Any) -> Component:
    """Create a task with `fields`, and return how a calendar of its project shows it."""
    project = person.create_project()
    person.create_task(project, **fields)
    feed = create_feed(person, project=project, show_as=show_as)
    (component,) = read_components(anonymous, feed)
    return component


def span(component: Component) -> tuple[Any, Any]:
    """Return the start and the end or due time of an event or to-do."""
    end = component.get("dtend") or component.get("due")
    start = component.get("dtstart")
    return start and start.dt, end and end.dt


def test_a_feed_has_the_open_tasks_that_are_assigned_to_its_owner(
    anonymous: Api, ann: Person, bob: Person
) -> None:
    project, other = ann.create_project(), ann.create_project()
    ann.add_member(project, bob)
    due = {"due_date": "2030-01-02"}
    ann.create_task(project, "later", assigned_to=ann.id, **due)
    ann.create_task(other, "first", assigned_to=ann.id, due_date="2030-01-01")
    ann.create_task(project, "of bob", assigned_to=bob.id, **due)
    ann.create_task(project, "of nobody", **due)
    done = ann.create_task(project, "done", assigned_to=ann.id, **due)
    ann.call("PATCH", f"/api/tasks/{done['id']}/status", {"status": "done"})
    ann.create_task(project, "some day", assigned_to=ann.id)
    events = read_components(anonymous, create_feed(ann))
    assert [str(each["summary"]) for each in events] == ["first", "later"]
    todos = read_components(anonymous, create_feed(ann, show_as="todos"))
    assert [str(each["summary"]) for each in todos] == ["first", "later", "some day"]


def test_a_feed_of_a_project_has_the_tasks_of_everybody(
    anonymous: Api, ann: Person, bob: Person
) -> None:
    project, other = ann.create_project(), ann.create_project()
    ann.add_member(project, bob)
    ann.create_task(project, "of bob", assigned_to=bob.id, due_date="2030-01-01")
    ann.create_task(project, "of nobody", due_date="2030-01-02")
    ann.create_task(other, "elsewhere", due_date="2030-01-03")
    events = read_components(anonymous, create_feed(ann, project=project))
    assert [str(each["summary"]) for each in events] == ["of bob", "of nobody"]


BERLIN_NOON = "2030-07-01T12:00:00+02:00"


@pytest.mark.parametrize(
    ("show_as", "fields", "expected"),
    [
        ("events", {"due_date": "2030-03-31"}, (date(2030, 3, 31), date(2030, 4, 1))),
        (
            "events",
            {"start_date": "2030-03-29", "due_date": "2030-03-31"},
            (date(2030, 3, 29), date(2030, 4, 1)),
        ),
        ("events", {"due_date": BERLIN_NOON}, (datetime(2030, 7, 1, 10, tzinfo=UTC), None)),
        (
            "events",
            {"start_date": "2030-07-01T08:00:00+02:00", "due_date": BERLIN_NOON},
            (datetime(2030, 7, 1, 6, tzinfo=UTC), datetime(2030, 7, 1, 10, tzinfo=UTC)),
        ),
        (
            "events",
            {"start_date": "2030-06-30", "due_date": BERLIN_NOON},
            (datetime(2030, 6, 30, tzinfo=UTC), datetime(2030, 7, 1, 10, tzinfo=UTC)),
        ),
        ("all_day_events", {"due_date": "9999-12-31T10:00:00Z"}, (date(9999, 12, 31), None)),
        ("events", {"due_date": "0001-01-01"}, (date(1, 1, 1), date(1, 1, 2))),
        ("all_day_events", {"due_date": BERLIN_NOON}, (date(2030, 7, 1), date(2030, 7, 2))),
        (
            "all_day_events",
            {"due_date": "2030-07-01T23:30:00+00:00"},
            (date(2030, 7, 2), date(2030, 7, 3)),
        ),
        (
            "all_day_events",
            {"start_date": "2030-06-30T23:00:00Z", "due_date": "2030-07-03T10:00:00Z"},
            (date(2030, 7, 1), date(2030, 7, 4)),
        ),
        ("todos", {"due_date": "2030-03-31"}, (None, date(2030, 3, 31))),
        ("todos", {"due_date": BERLIN_NOON}, (None, datetime(2030, 7, 1, 10, tzinfo=UTC))),
        (
            "todos",
            {"start_date": "2030-03-29", "due_date": "2030-03-31"},
            (date(2030, 3, 29), date(2030, 3, 31)),
        ),
        (
            "todos",
            {"start_date": "2030-03-31", "due_date": "2030-03-31"},
            (None, date(2030, 3, 31)),
        ),
        ("todos", {}, (None, None)),
    ],
)
def test_days_stay_days_and_times_are_exact(
    anonymous: Api, ann: Person, show_as: str, fields: Any, expected: tuple[Any, Any]
) -> None:
    ann.call("PATCH", "/api/auth/profile", {"time_zone": "Europe/Berlin"})
    assert span(read_one(anonymous, ann, show_as, **fields)) == expected


def test_an_all_day_event_that_starts_on_its_last_day_has_one_day(
    anonymous: Api, ann: Person
) -> None:
    fields = {"start_date": "2030-07-01T08:00:00Z", "due_date": "2030-07-01T10:00:00Z"}
    event = read_one(anonymous, ann, "all_day_events", **fields)
    assert span(event) == (date(2030, 7, 1), date(2030, 7, 2))


def test_an_all_day_event_that_is_due_on_the_day_before_its_start_has_one_day(
    anonymous: Api, ann: Person
) -> None:
    ann.call("PATCH", "/api/auth/profile", {"time_zone": "America/New_York"})
    fields = {"start_date": "2030-07-02", "due_date": "2030-07-02T01:00:00Z"}
    event = read_one(anonymous, ann, "all_day_events", **fields)
    assert span(event) == (date(2030, 7, 1), date(2030, 7, 2))


def test_reminders_are_alarms_at_their_time(anonymous: Api, ann: Person) -> None:
    project = ann.create_project()
    # The clocks go forward that night, so 24 hours earlier the local time is 11:00.
    task = ann.create_task(project, due_date="2030-03-31T12:00:00+02:00")
    reminders = [{"minutes_before": 24 * 60}, {"at": "2030-03-01T08:00:00Z"}]
    ann.put(f"/api/tasks/{task['id']}/reminders", {"reminders": reminders})
    feed = create_feed(ann, project=project)
    (event,) = read_components(anonymous, feed)
    times = sorted(alarm["trigger"].dt for alarm in event.subcomponents)
    assert times == [datetime(2030, 3, 1, 8, tzinfo=UTC), datetime(2030, 3, 30, 10, tzinfo=UTC)]
    assert b"TRIGGER;VALUE=DATE-TIME:20300330T100000Z" in read(anonymous, feed).body


def test_a_todo_has_status_and_priority(anonymous: Api, ann: Person) -> None:
    todo = read_one(anonymous, ann, "todos", status="review", priority="high")
    assert (todo["status"], todo["priority"]) == ("IN-PROCESS", 1)


def test_text_is_text_and_long_descriptions_are_cut(anonymous: Api, ann: Person) -> None:
    title = 'Plan; review, "sign" \\n BEGIN:VEVENT é 🎉'
    text = "first\nEND:VEVENT\n" + "é" * 1_000
    event = read_one(anonymous, ann, "events", title=title, description=text, due_date="2030-01-01")
    assert (str(event["summary"]), str(event["description"])) == (title, text[:500])


def test_an_entry_keeps_its_uid_and_links_to_the_task(anonymous: Api, ann: Person) -> None:
    project, target = ann.create_project(), ann.create_project()
    task = ann.create_task(project, due_date="2030-01-01", assigned_to=ann.id)
    feed = create_feed(ann)
    (before,) = read_components(anonymous, feed)
    moved = ann.post(f"/api/tasks/{task['id']}/move", {"project": target}).json_body["task"]
    (after,) = read_components(anonymous, feed)
    assert before["uid"] == after["uid"] and before["sequence"] < after["sequence"]
    assert str(after["url"]) == f"https://app.example.com/tasks/{moved['id']}"


def test_the_calendar_has_the_name_of_the_feed(anonymous: Api, ann: Person) -> None:
    answer = read(anonymous, create_feed(ann, name="Work; and more"))
    assert str(Calendar.from_ical(answer.body)["name"]) == "Work; and more"
