"""Tickets, connections and subscriptions."""

import secrets
from datetime import datetime

from msgspec import Struct

from chalicelib.access.service import Access
from chalicelib.activity.changes_feed import SyncRound
from chalicelib.activity.cursors import encode_round
from chalicelib.dynamodb.ids import is_id
from chalicelib.dynamodb.table import batch_get
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, transact
from chalicelib.errors import Conflict, NotFound, Unauthenticated
from chalicelib.live import models, readers
from chalicelib.live.models import SUBSCRIPTIONS_MAX, TICKET_LIFETIME, Connection
from chalicelib.live.readers import Readers
from chalicelib.sessions.credentials import hash_secret

SECRET_BYTES = 32
# Concurrent connections of a user look for a slot again.
SLOT_TRIES = 5


class IssuedTicket(Struct, frozen=True):
    """A new ticket with its secret, which is shown only once, and the time at which it ends."""

    secret: str
    valid_until: datetime


def issue_ticket(access: Access) -> IssuedTicket:
    """Create a ticket with which the caller opens one connection within 30 seconds.

    Raises `Conflict` when the caller has `CONNECTIONS_MAX` connections.
    """
    if models.find_free_slot(access.user_id, access.now) is None:
        raise _too_many_connections()
    secret = secrets.token_urlsafe(SECRET_BYTES)
    credential = access.context.caller.key.sk
    transact(
        models.create_ticket_write(hash_secret(secret), access.user_id, credential, access.now)
    )
    return IssuedTicket(secret, access.now + TICKET_LIFETIME)


def open_connection(connection_id: str, secret: str, now: datetime) -> None:
    """Use up a ticket and store the connection.

    Raises `Unauthenticated` when the ticket is wrong, used or expired, or the session or API token
    that asked for it has ended, and `Conflict` when the user has `CONNECTIONS_MAX` connections.
    """
    ticket = models.get_ticket(hash_secret(secret))
    if ticket is None or ticket.valid_until <= format_timestamp(now):
        raise Unauthenticated()
    if not readers.is_logged_in(ticket, batch_get(ticket.user_key, ticket.credential_key), now):
        raise Unauthenticated()
    for _ in range(SLOT_TRIES):
        slot = models.find_free_slot(ticket.user_id, now)
        if slot is None:
            raise _too_many_connections()
        try:
            transact(*models.open_connection_writes(ticket, connection_id, slot, now))
            return
        except ConditionFailed as failed:
            if isinstance(failed.write, Delete):  # the ticket was used meanwhile
                raise Unauthenticated() from failed
    raise _too_many_connections()


def subscribe(connection: Connection, project_id: str, now: datetime) -> str:
    """Subscribe a connection to a project; return the cursor of the changes feed from now on.

    Raises `NotFound` when the user may not read the project's tasks or the connection was closed,
    and `Conflict` when the connection has `SUBSCRIPTIONS_MAX` subscriptions.
    """
    if not is_id(project_id) or Readers(project_id, [connection], now).get(connection) is None:
        raise NotFound()
    try:
        transact(*models.subscribe_writes(connection, project_id, now))
    except ConditionFailed as failed:
        if failed.item is None:
            raise NotFound() from failed
        detail = f"A connection has at most {SUBSCRIPTIONS_MAX} subscriptions"
        raise Conflict(detail, code="too_many_subscriptions") from failed
    from_now = SyncRound(since=format_timestamp(now), began="")
    return encode_round(from_now, caller=connection.user_id, project=project_id)


def unsubscribe(connection: Connection, project_id: str) -> None:
    """End a subscription; there need not be one."""
    if not is_id(project_id):  # DynamoDB refuses an empty text in a set, and a key that is too long
        return
    try:
        transact(*models.unsubscribe_writes(connection.id, project_id))
    except ConditionFailed:  # the connection was closed meanwhile
        return


def close_connection(connection_id: str) -> None:
    """Delete what is stored of a connection. Idempotent."""
    connection = models.get_connection(connection_id)
    if connection is not None:
        models.remove_connection(connection)


def _too_many_connections() -> Conflict:
    detail = f"You have {models.CONNECTIONS_MAX} live connections; close one first"
    return Conflict(detail, code="too_many_connections")
