"""Calendars: tasks as iCalendar (RFC 5545), either as to-dos or as events.

All times are in UTC, so the calendar needs no time zone definitions, and daylight saving time does
not shift them. A whole day is a date without a time, the same in every time zone.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.dynamodb.timestamps import parse_timestamp
from chalicelib.reminders.schedule import reminder_time
from chalicelib.tasks.due_dates import is_date, localize
from chalicelib.tasks.models import Task

if TYPE_CHECKING:
    from icalendar import Alarm, Component

TODOS, EVENTS, ALL_DAY_EVENTS = "todos", "events", "all_day_events"
# Raise it with each change of the text that a task gives: programs keep what they have until then.
CALENDAR_FORMAT = 2
PRODUCT = "-//Task Manager//Calendar feed//EN"
# Calendar programs ask again after this time.
REFRESH_AFTER = timedelta(hours=1)
DESCRIPTION_MAX = 500
ONE_DAY = timedelta(days=1)
STATUSES = {"todo": "NEEDS-ACTION", "in_progress": "IN-PROCESS", "review": "IN-PROCESS"}
PRIORITIES = {"high": 1, "medium": 5, "low": 9}

Moment = date | datetime


def build_calendar(
    name: str, tasks: Iterable[Task], *, show_as: str, zone: str, app_url: str
) -> str:
    """Return the calendar `name` with `tasks` as iCalendar text.

    `show_as` is `todos`, `events` or `all_day_events`. Events need tasks with a due date. For
    all-day events, the day of a time is that in the time zone `zone`. Tasks link to the web client
    at `app_url`, unless that is empty.
    """
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH_AFTER, parameters={"VALUE": "DURATION"})
    for task in tasks:
        shown = _build_todo(task) if show_as == TODOS else _build_event(task, show_as, zone)
        _describe(shown, task)
        if app_url:
            shown.add("url", f"{app_url}/tasks/{task.id}")
        calendar.add_component(shown)
    return str(calendar.to_ical().decode())


def _build_todo(task: Task) -> "Component":
    from icalendar import Todo

    todo = Todo()
    start, due = _find_span(task)
    if start is not None:
        todo.add("dtstart", start)
    if due is not None:
        todo.add("due", due)
    todo.add("status", STATUSES.get(task.status, "NEEDS-ACTION"))
    todo.add("priority", PRIORITIES.get(task.priority, 0))  # 0: not defined
    return todo


def _build_event(task: Task, show_as: str, zone: str) -> "Component":
    from icalendar import Event

    event = Event()
    start, due = _find_span(task)
    assert due is not None
    if show_as == ALL_DAY_EVENTS and isinstance(due, datetime):
        due = _find_day(task.due_date, zone)
        # A start that is a day is the same in each zone, so a time can be due on the day before.
        start = min(_find_day(task.start_date, zone), due) if start else None
    event.add("dtstart", start or due)
    if not isinstance(due, datetime):
        if due < date.max:
            event.add("dtend", due + ONE_DAY)  # the end is not a part of the event
    elif start is not None:
        event.add("dtend", due)
    event.add("transp", "TRANSPARENT")  # a due date leaves the time free for meetings
    return event


def _find_span(task: Task) -> tuple[Moment | None, Moment | None]:
    """Return start and due date, as two dates or two times.

    The start is None unless it is before the due date, as RFC 5545 demands it (3.8.2.3).
    """
    if task.due_date is None or task.due_at is None:
        return None, None
    due: Moment = parse_timestamp(task.due_at)
    start: Moment | None = parse_timestamp(task.start_at) if task.start_at else None
    if is_date(task.due_date) and (task.start_date is None or is_date(task.start_date)):
        due = date.fromisoformat(task.due_date)
        start = date.fromisoformat(task.start_date) if task.start_date else None
    return (start if start is not None and start < due else None), due


def _find_day(text: str | None, zone: str) -> date:
    assert text is not None
    return date.fromisoformat(text) if is_date(text) else localize(text, zone).date()


def _describe(shown: "Component", task: Task) -> None:
    """Add what to-dos and events have in common."""
    shown.add("uid", f"{task.original_id}@task-manager")
    shown.add("summary", task.title)
    if task.description:
        shown.add("description", task.description[:DESCRIPTION_MAX])
    shown.add("created", parse_timestamp(task.created_at))
    shown.add("last-modified", parse_timestamp(task.updated_at))
    shown.add("dtstamp", parse_timestamp(task.updated_at))
    shown.add("sequence", int(task.version))
    for reminder in task.reminders or ():
        if time := reminder_time(reminder, task.due_at):
            shown.add_component(_build_alarm(task.title, parse_timestamp(time)))


def _build_alarm(text: str, time: datetime) -> "Alarm":
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", text)
    alarm.add("trigger", time, parameters={"VALUE": "DATE-TIME"})
    return alarm
