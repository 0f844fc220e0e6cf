"""Query type of `/api/unsubscribe`."""

from msgspec import Struct

from chalicelib.http.fields import Token


class LinkQuery(Struct, forbid_unknown_fields=True):
    token: Token
