"""Tickets: one connection each, within 30 seconds, and no more connections than allowed."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.live.models import CONNECTIONS_MAX
from tests.faults import is_killed_at
from tests.live_updates.conftest import Socket
from tests.support import Person
from tests.table_items import scan_items

Invoke = Callable[[str, dict[str, Any]], Any]
Connect = Callable[..., Socket]


def _get_ticket(person: Person) -> str:
    return str(person.post("/api/live/tickets").json_body["ticket"])


def test_a_ticket_names_the_address_and_is_stored_as_a_hash(ann: Person) -> None:
    answer = ann.post("/api/live/tickets")
    assert (answer.status_code, answer.json_body["url"]) == (200, settings.LIVE_URL)
    assert answer.json_body["ticket"] not in str(scan_items())


def test_a_ticket_opens_one_connection(ann: Person, invoke: Invoke) -> None:
    ticket = _get_ticket(ann)
    assert [Socket(invoke, ticket).status for _ in range(2)] == [200, 401]


@pytest.mark.parametrize("ticket", ["", "wrong", "x" * 5000])
def test_a_wrong_ticket_is_refused(ticket: str, ann: Person, invoke: Invoke) -> None:
    assert Socket(invoke, ticket).status == 401


def test_a_ticket_ends_after_half_a_minute(
    ann: Person, invoke: Invoke, wait: Callable[..., None]
) -> None:
    tickets = [_get_ticket(ann) for _ in range(2)]
    wait(seconds=29)
    assert Socket(invoke, tickets[0]).status == 200
    wait(seconds=2)
    assert Socket(invoke, tickets[1]).status == 401


def test_a_ticket_ends_with_its_session(ann: Person, invoke: Invoke) -> None:
    ticket = _get_ticket(ann)
    ann.post("/api/auth/logout")
    assert Socket(invoke, ticket).status == 401


def test_an_api_token_without_the_scope_gets_no_ticket(ann: Person, client: Any) -> None:
    assert ann.use_token("projects:read").post("/api/live/tickets").status_code == 403


def test_the_connections_of_a_user_are_limited(
    ann: Person, bob: Person, invoke: Invoke, connect: Connect
) -> None:
    late = _get_ticket(ann)
    sockets = [connect(ann) for _ in range(CONNECTIONS_MAX)]
    assert Socket(invoke, late).status == 409
    refused = ann.post("/api/live/tickets")
    assert (refused.status_code, refused.json_body["code"]) == (409, "too_many_connections")
    connect(bob)
    sockets[3].close()
    connect(ann)


def test_a_slot_that_nobody_gave_back_is_free_after_two_hours(
    ann: Person, connect: Connect, wait: Callable[..., None]
) -> None:
    for _ in range(CONNECTIONS_MAX):
        connect(ann)
    wait(hours=2, minutes=11)
    ann.log_in()
    connect(ann)


def test_a_function_killed_at_any_write_opens_at_most_one_connection(
    ann: Person, invoke: Invoke
) -> None:
    killed, opened = 1, 0
    while is_killed_at(killed, lambda: Socket(invoke, _get_ticket(ann))):
        killed += 1
    items = [item["SK"]["S"] for item in scan_items()]
    opened = items.count("CONN")
    assert (killed, opened, items.count("LIVE#00")) == (3, 1, 1)


def test_closing_removes_everything(ann: Person, project: str, connect: Connect) -> None:
    before = scan_items()
    socket = connect(ann, project)
    socket.close()
    socket.close()
    assert scan_items() == before
