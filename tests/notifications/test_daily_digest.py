"""The daily digest: one mail a day with what was gathered, never twice, nothing lost."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from chalicelib.clock import now
from chalicelib.mail.jobs import sweep_outbox
from chalicelib.mail.models import MAIL_LEASE
from tests.faults import after_each_call, is_killed_at
from tests.moto_stack import set_watermarks
from tests.notifications.conftest import Assign, Comment
from tests.notifications.inbox import list_inbox, set_profile
from tests.support import Api, Person, mails_to

GoTo = Callable[..., None]
Run = Callable[[], Any]


def _digests(person: Person) -> list[str]:
    """Return the texts of the digests that a person got."""
    found = mails_to(person)
    return [
        mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        for mail in found
        if "notification" in mail["Subject"]
    ]


@pytest.fixture
def send(run_reminders: Run) -> Callable[[], None]:
    """Run the schedules that queue and send digests."""

    def run() -> None:
        run_reminders()
        sweep_outbox(now())

    return run


def test_a_digest_at_the_chosen_hour_takes_the_place_of_single_mails(
    ann: Person, bob: Person, assign: Assign, comment: Comment, go_to: GoTo, send: Run
) -> None:
    set_profile(bob, digest_hour=18, time_zone="Europe/Berlin")
    task = assign("Plan <b>")
    comment(task, "First")
    comment(task, "Look, @bob")
    assert len(list_inbox(bob)) == 3
    go_to("2026-11-22T16:55")
    send()
    assert _digests(bob) == []
    go_to("2026-11-22T17:00")
    for _ in range(3):
        send()
    (text,) = _digests(bob)
    told = [line.strip() for line in text.splitlines() if line.strip().startswith("ann ")]
    assert told == [
        "ann assigned a task to you: Plan <b>",
        "ann commented: Plan <b>",
        "ann mentioned you: Plan <b>",
    ]
    assert "Look, @bob" in text and f"https://app.example.com/tasks/{task}" in text
    assert len(list(mails_to(bob))) == len(list(mails_to(bob, "Confirm"))) + 1
    go_to("2026-11-23T17:00")
    send()
    assert len(_digests(bob)) == 1


def test_mails_about_a_time_come_at_their_time(
    ann: Person, bob: Person, project: str, deliver: Run, run_reminders: Run
) -> None:
    set_profile(bob, digest_hour=18)
    ann.create_task(project, assigned_to=bob.id, due_date="2026-11-22T20:00:00Z")
    run_reminders()
    deliver()
    assert len(list(mails_to(bob, "Due soon"))) == 1
    assert list(mails_to(bob, "Assigned")) == []


def test_what_happens_after_a_digest_is_in_the_next_one(
    bob: Person, ann: Person, assign: Assign, go_to: GoTo, send: Run
) -> None:
    set_profile(bob, digest_hour=18)
    assign("One")
    go_to("2026-11-22T18:00", ann)
    send()
    assign("Two")
    go_to("2026-11-23T18:00")
    send()
    first, second = _digests(bob)
    assert "One" in first and "Two" not in first
    assert "Two" in second and "One" not in second


def test_a_killed_run_loses_and_repeats_nothing(
    bob: Person, ann: Person, assign: Assign, go_to: GoTo, run_reminders: Run, deliver: Run
) -> None:
    set_profile(bob, digest_hour=18)
    for call in itertools.count(1):
        go_to(f"2026-11-{22 + call}T10:00", ann)
        assign(f"Task {call}")
        go_to(f"2026-11-{22 + call}T18:00")
        killed = is_killed_at(call, run_reminders)
        run_reminders()
        deliver()
        assert [text for text in _digests(bob) if f"Task {call}\n" in text] == _digests(bob)[-1:]
        assert len(_digests(bob)) == call
        if not killed:
            break
    assert call > 1


def test_a_killed_gathering_loses_and_repeats_nothing(
    bob: Person, ann: Person, project: str, go_to: GoTo, send: Run, clock: time_machine.Traveller
) -> None:
    set_profile(bob, digest_hour=18)
    for call in itertools.count(1):
        ann.create_task(project, f"Task {call}", assigned_to=bob.id)
        killed = is_killed_at(call, lambda: sweep_outbox(now()))
        clock.shift(MAIL_LEASE + timedelta(seconds=1))
        sweep_outbox(now())
        if not killed:
            break
    clock.shift(MAIL_LEASE + timedelta(seconds=1))
    assert sweep_outbox(now()) == {}  # all mails are settled
    go_to("2026-11-22T18:00", bob)
    send()
    (text,) = _digests(bob)
    for number in range(1, call + 1):
        assert text.count(f"Task {number}\n") == 1
    titles = [each["task"]["title"] for each in list_inbox(bob)]
    assert sorted(titles) == sorted(f"Task {number}" for number in range(1, call + 1))
    assert call == 4  # claim, inbox, gather, nothing more


def test_what_is_gathered_while_a_digest_is_closed_is_in_one_of_the_two(
    bob: Person, ann: Person, project: str, assign: Assign, go_to: GoTo, send: Run
) -> None:
    """A task is assigned and its notification gathered right after the run has read the digest."""
    set_profile(bob, digest_hour=18)
    assign("Before")
    go_to("2026-11-22T18:00", ann)
    events = iter(["Meanwhile"])

    def assign_meanwhile() -> None:
        for title in events:
            ann.create_task(project, title, assigned_to=bob.id)
            sweep_outbox(now())

    with after_each_call("GetItem", assign_meanwhile):
        send()
    go_to("2026-11-23T18:00")
    send()
    texts = "".join(_digests(bob))
    assert texts.count("Before\n") == texts.count("Meanwhile\n") == 1


@pytest.mark.parametrize("read", range(1, 7))
def test_a_digest_that_is_closed_while_something_is_gathered_leaves_it_to_the_next_one(
    bob: Person, ann: Person, project: str, assign: Assign, go_to: GoTo, send: Run, read: int
) -> None:
    """The digest is closed and sent after each of the dispatcher's reads in turn."""
    set_profile(bob, digest_hour=18)
    assign("Before")
    go_to("2026-11-22T18:00", ann)
    ann.create_task(project, "Meanwhile", assigned_to=bob.id)
    reads = itertools.count(1)

    def close_after_read() -> None:
        if next(reads) == read:
            send()

    with after_each_call("GetItem", close_after_read):
        sweep_outbox(now())
    for day in (22, 23):
        send()
        go_to(f"2026-11-{day + 1}T18:00")
    send()
    texts = "".join(_digests(bob))
    assert texts.count("Before\n") == texts.count("Meanwhile\n") == 1


def test_an_hour_that_is_changed_after_the_digest_brings_no_second_one_that_day(
    bob: Person, ann: Person, assign: Assign, go_to: GoTo, send: Run
) -> None:
    set_profile(bob, digest_hour=12)
    assign("One")
    go_to("2026-11-22T12:00", ann, bob)
    send()
    set_profile(bob, digest_hour=15)
    assign("Two")
    go_to("2026-11-22T15:00")
    send()
    assert len(_digests(bob)) == 1
    go_to("2026-11-23T15:00")
    send()
    assert "Two" in _digests(bob)[1]


@pytest.mark.parametrize(
    ("change", "moment"),
    [({"digest_hour": 11}, "2026-11-22T11:00"), ({"time_zone": "Asia/Tokyo"}, "2026-11-23T09:00")],
)
def test_a_new_hour_or_time_zone_counts_at_once(
    bob: Person, assign: Assign, go_to: GoTo, send: Run, change: dict[str, Any], moment: str
) -> None:
    set_profile(bob, digest_hour=18)
    assign()
    set_profile(bob, **change)
    if moment > "2026-11-22T18:00":
        go_to("2026-11-22T18:00")
        send()
        assert _digests(bob) == []
    go_to(moment)
    send()
    assert len(_digests(bob)) == 1


def test_a_digest_that_is_switched_off_still_tells_of_what_it_gathered(
    bob: Person, assign: Assign, go_to: GoTo, send: Run
) -> None:
    set_profile(bob, digest_hour=18)
    assign("One")
    set_profile(bob, digest_hour=None)
    assign("Two")
    assert len(list(mails_to(bob, "Assigned to you: Two"))) == 1
    go_to("2026-11-22T18:00")
    send()
    (text,) = _digests(bob)
    assert "One" in text and "Two" not in text


def test_a_digest_leaves_out_what_its_reader_may_no_longer_read(
    bob: Person, ann: Person, project: str, assign: Assign, go_to: GoTo, send: Run
) -> None:
    set_profile(bob, digest_hour=18)
    assign("Kept")
    other = ann.create_project("Other")
    ann.add_member(other, bob)
    ann.create_task(other, "A secret", assigned_to=bob.id)
    sweep_outbox(now())
    ann.delete(f"/api/projects/{other}/members/{bob.id}")
    go_to("2026-11-22T18:00")
    send()
    (mail,) = mails_to(bob, "1 notification")
    assert "secret" not in mail.as_string()


def test_a_digest_of_nothing_that_may_be_read_is_not_sent(
    bob: Person, ann: Person, assign: Assign, go_to: GoTo, send: Run
) -> None:
    set_profile(bob, digest_hour=18)
    ann.delete(f"/api/tasks/{assign()}")
    go_to("2026-11-22T18:00")
    send()
    assert _digests(bob) == []


def test_a_digest_lists_fifty_and_counts_the_others(
    bob: Person, ann: Person, project: str, go_to: GoTo, send: Run
) -> None:
    set_profile(bob, digest_hour=18)
    for number in range(53):
        ann.create_task(project, f"Task {number}", assigned_to=bob.id)
    sweep_outbox(now())
    go_to("2026-11-22T18:00")
    send()
    (mail,) = mails_to(bob, "53 notifications")
    (text,) = _digests(bob)
    assert mail and text.count("assigned a task to you") == 50
    assert "There are 3 more in your inbox." in text


def test_the_link_in_a_digest_stops_the_mails_that_it_replaces(
    bob: Person, ann: Person, assign: Assign, go_to: GoTo, send: Run
) -> None:
    set_profile(bob, digest_hour=18)
    assign()
    go_to("2026-11-22T18:00", ann, bob)
    send()
    (mail,) = mails_to(bob, "1 notification")
    link = mail["List-Unsubscribe"].strip("<>").removeprefix("https://api.example.com/v1")
    assert Api(bob.client).post(link).status_code == 200
    switches = bob.get("/api/auth/profile").json_body["notifications"]
    assert {kind for kind, on in switches.items() if not on} == {"assigned", "comment", "mentioned"}


@pytest.mark.parametrize(
    ("hour", "times"),
    [
        # On March 29, 2026, the clocks in Berlin go from 02:00 to 03:00; on October 25 they go from
        # 03:00 back to 02:00.
        (2, ["2026-03-28T01:00", "2026-03-29T01:00", "2026-03-30T00:00"]),
        (9, ["2026-03-28T08:00", "2026-03-29T07:00", "2026-03-30T07:00"]),
        (2, ["2026-10-24T00:00", "2026-10-25T00:00", "2026-10-26T01:00"]),
        (9, ["2026-10-24T07:00", "2026-10-25T08:00", "2026-10-26T08:00"]),
    ],
)
def test_there_is_one_digest_for_each_local_day_when_the_clocks_change(
    bob: Person,
    ann: Person,
    project: str,
    go_to: GoTo,
    send: Run,
    clock: time_machine.Traveller,
    hour: int,
    times: list[str],
) -> None:
    """Around each digest the schedules run every half hour, else every six hours; each time they
    come, somebody assigns a task."""
    digests = [datetime.fromisoformat(f"{time}+00:00") for time in times]
    hours = (-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 8, 14)
    runs = sorted(digest + timedelta(hours=each) for digest in digests for each in hours)
    go_to(f"{runs[0]:%Y-%m-%dT%H:%M}", bob)
    set_profile(bob, digest_hour=hour, time_zone="Europe/Berlin")
    sent = []
    for run in runs:
        clock.move_to(run)
        set_watermarks()
        ann.log_in()
        ann.create_task(project, assigned_to=bob.id)
        sweep_outbox(now())
        before = len(_digests(bob))
        send()
        if len(_digests(bob)) > before:
            sent.append(f"{datetime.now(UTC):%Y-%m-%dT%H:%M}")
    assert sent == times
