"""`/api/unsubscribe`: where the link in a mail leads. No login: the link itself is signed."""

from msgspec import Struct

from chalicelib.http.fields import Token


class LinkQuery(Struct, forbid_unknown_fields=True):
    token: Token
