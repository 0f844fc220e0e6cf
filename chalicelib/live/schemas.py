"""JSON types of live connections: the ticket, and the messages of a client and their answers."""

from msgspec import Struct

from chalicelib.http.fields import Id, Time


class LiveTicket(Struct):
    """A one-time ticket: connect to `url` with the query parameter `ticket`."""

    ticket: str
    url: str
    expires_at: Time


class ProjectMessage(Struct, forbid_unknown_fields=True):
    """`subscribe` and `unsubscribe`."""

    action: str
    project_id: Id


class Ping(Struct, forbid_unknown_fields=True):
    """`ping` keeps an idle connection open."""

    action: str
