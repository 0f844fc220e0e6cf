"""Items of live connections. All expire by the table's time-to-live, at the latest two hours after
API Gateway has closed the connection.

A connection consists of an item, a numbered slot of its user, which limits the connections of a
user, and one subscription for each project, in a partition of that project.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import size
from pynamodb.expressions.update import Action

from chalicelib.accounts.models import User
from chalicelib.dynamodb.batch_writes import batch_delete
from chalicelib.dynamodb.table import Item, Key, get_item, query_all
from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import (
    ConditionFailed,
    Delete,
    Put,
    UnconditionalPut,
    Update,
    Write,
    transact,
)
from chalicelib.sessions.models import ApiToken, Session

TICKET_LIFETIME = timedelta(seconds=30)
# API Gateway closes a WebSocket connection after two hours.
CONNECTION_KEPT_FOR = timedelta(hours=2, minutes=10)
CONNECTIONS_MAX = 20
SUBSCRIPTIONS_MAX = 50
MESSAGES_PER_MINUTE = 60
MINUTE_LENGTH = len("2026-11-29T21:30")
COUNT_TRIES = 4


class Holder(Item):
    """Base of the items that act for a user: `credential` is the sort key of the session or API
    token, in the user's partition, with which the user asked for the ticket."""

    user_id = UnicodeAttribute()
    credential = UnicodeAttribute()

    @property
    def user_key(self) -> "Key[User]":
        return User.key(self.user_id)

    @property
    def credential_key(self) -> "Key[Any]":
        """The key of the session or API token."""
        kind, _, credential_id = self.credential.partition("#")
        model = ApiToken if kind == "TOKEN" else Session
        return model.key(self.user_id, credential_id)


class Ticket(Holder):
    """A one-time ticket. Its key is the hash of its secret, which is not stored."""

    valid_until = UnicodeAttribute()

    @staticmethod
    def key(digest: str) -> "Key[Ticket]":
        return Key(Ticket, f"TICKET#{digest}", "TICKET")


class Connection(Holder):
    """An open connection. `projects` are its subscriptions, `slot` is the number of its slot;
    `messages` counts the messages that it sent in the minute `minute`."""

    slot = NumberAttribute()
    opened_at = UnicodeAttribute()
    projects = UnicodeSetAttribute(null=True)
    minute = UnicodeAttribute()
    messages = NumberAttribute(default=0)

    @staticmethod
    def key(connection_id: str) -> "Key[Connection]":
        return Key(Connection, f"CONN#{connection_id}", "CONN")

    @property
    def id(self) -> str:
        return self.PK.removeprefix("CONN#")


class ConnectionSlot(Item):
    """One of the `CONNECTIONS_MAX` places of a user's connections."""

    connection_id = UnicodeAttribute()
    held_until = UnicodeAttribute()

    @staticmethod
    def key(user_id: str, number: int) -> "Key[ConnectionSlot]":
        return Key(ConnectionSlot, f"USER#{user_id}", f"LIVE#{number:02d}")

    @property
    def number(self) -> int:
        return int(self.SK.removeprefix("LIVE#"))


class Subscription(Holder):
    """A connection that gets the events of a project."""

    held_until = UnicodeAttribute()

    @staticmethod
    def key(project_id: str, connection_id: str) -> "Key[Subscription]":
        return Key(Subscription, f"LIVE#{project_id}", f"CONN#{connection_id}")

    @property
    def connection_id(self) -> str:
        return self.SK.removeprefix("CONN#")


def create_ticket_write(digest: str, user_id: str, credential: str, now: datetime) -> Put:
    """Return the write that stores a new ticket of the user."""
    key, end = Ticket.key(digest), now + TICKET_LIFETIME
    until = {"valid_until": format_timestamp(end), "expires_at": to_epoch_seconds(end)}
    return Put(Ticket(key.pk, key.sk, user_id=user_id, credential=credential, **until))


def list_user_slots(user_id: str) -> Iterator[ConnectionSlot]:
    """Return the slots of the user's connections, also those that have ended."""
    return query_all(ConnectionSlot, f"USER#{user_id}", ConnectionSlot.SK.startswith("LIVE#"))


def find_free_slot(user_id: str, now: datetime) -> int | None:
    """Return the number of a free slot of the user; None if all are taken."""
    slots = list_user_slots(user_id)
    taken = {slot.number for slot in slots if slot.held_until > format_timestamp(now)}
    return next((number for number in range(CONNECTIONS_MAX) if number not in taken), None)


def open_connection_writes(
    ticket: Ticket, connection_id: str, slot: int, now: datetime
) -> tuple[Delete, Put, Put]:
    """Return the writes that use up the ticket and store the connection in the slot.

    The first fails when the ticket was used, the last when the slot was taken.
    """
    until = {"expires_at": to_epoch_seconds(now + CONNECTION_KEPT_FOR)}
    key, slot_key = Connection.key(connection_id), ConnectionSlot.key(ticket.user_id, slot)
    connection = Connection(
        key.pk,
        key.sk,
        user_id=ticket.user_id,
        credential=ticket.credential,
        slot=slot,
        opened_at=format_timestamp(now),
        minute=format_timestamp(now)[:MINUTE_LENGTH],
        **until,
    )
    held = {
        "connection_id": connection_id,
        "held_until": format_timestamp(now + CONNECTION_KEPT_FOR),
    }
    is_free = Item.PK.does_not_exist() | (ConnectionSlot.held_until <= format_timestamp(now))
    return (
        Delete(Key(Ticket, ticket.PK, ticket.SK), Ticket.PK.exists()),
        Put(connection),
        Put(ConnectionSlot(slot_key.pk, slot_key.sk, **held, **until), is_free),
    )


def count_message(connection: Connection, now: datetime) -> bool:
    """Count a message of the connection, and return whether it is within the limit of a minute."""
    minute, current = format_timestamp(now)[:MINUTE_LENGTH], connection
    for _ in range(COUNT_TRIES):
        condition = Connection.minute == current.minute
        actions: tuple[Action, ...] = (Connection.minute.set(minute), Connection.messages.set(1))
        if current.minute == minute:
            if current.messages >= MESSAGES_PER_MINUTE:
                return False
            actions = (Connection.messages.add(1),)
            condition &= Connection.messages < MESSAGES_PER_MINUTE
        try:
            transact(Update(Connection.key(connection.id), actions, condition))
        except ConditionFailed as failed:  # another message was counted meanwhile
            if failed.item is None:
                return False
            current = Connection.from_raw_data(failed.item)
        else:
            return True
    return False


def subscribe_writes(connection: Connection, project_id: str, now: datetime) -> tuple[Write, ...]:
    """Return the writes of a subscription. Idempotent.

    The first fails when the connection is not stored any more or has `SUBSCRIPTIONS_MAX` others.
    """
    projects: Any = Connection.projects
    count: Any = size(projects)  # type: ignore[no-untyped-call]
    has_room = projects.does_not_exist() | (count < SUBSCRIPTIONS_MAX)
    condition = Connection.PK.exists() & (has_room | projects.contains(project_id))
    key, end = Subscription.key(project_id, connection.id), now + CONNECTION_KEPT_FOR
    subscription = Subscription(
        key.pk,
        key.sk,
        user_id=connection.user_id,
        credential=connection.credential,
        held_until=format_timestamp(end),
        expires_at=to_epoch_seconds(end),
    )
    added = Update(Connection.key(connection.id), (projects.add({project_id}),), condition)
    return added, UnconditionalPut(subscription)


def unsubscribe_writes(connection_id: str, project_id: str) -> tuple[Write, ...]:
    """Return the writes that end a subscription. The first fails without the connection."""
    projects: Any = Connection.projects
    removed = Update(Connection.key(connection_id), (projects.delete({project_id}),))
    return removed, delete_subscription_write(project_id, connection_id)


def delete_subscription_write(project_id: str, connection_id: str) -> Delete:
    """Return the write that deletes a subscription; there need not be one."""
    return Delete(Subscription.key(project_id, connection_id))


def remove_connection(connection: Connection) -> None:
    """Delete the connection, its subscriptions and its slot. Idempotent."""
    projects = connection.projects or set()
    keys: list[Key[Any]] = [Subscription.key(each, connection.id) for each in projects]
    keys.append(Connection.key(connection.id))
    batch_delete([(key.pk, key.sk) for key in keys])
    slot = ConnectionSlot.key(connection.user_id, int(connection.slot))
    try:
        transact(Delete(slot, ConnectionSlot.connection_id == connection.id))
    except ConditionFailed:  # another connection has the slot
        return


def remove_user_connections(user_id: str) -> None:
    """Delete all connections of a user with their subscriptions and slots. Idempotent."""
    for slot in list_user_slots(user_id):
        connection = get_connection(slot.connection_id)
        if connection is not None:
            remove_connection(connection)


def get_ticket(digest: str) -> Ticket | None:
    """Return the ticket whose secret has the hash `digest`; None if there is none."""
    return get_item(Ticket.key(digest))


def get_connection(connection_id: str) -> Connection | None:
    """Return a connection; None if it is not stored."""
    return get_item(Connection.key(connection_id))


def list_subscriptions(project_id: str, now: datetime) -> list[Subscription]:
    """Return the subscriptions of a project that have not expired."""
    found = query_all(Subscription, f"LIVE#{project_id}", Subscription.SK.startswith("CONN#"))
    return [each for each in found if each.held_until > format_timestamp(now)]
