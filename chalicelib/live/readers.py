"""The present rights of the holder of a ticket, connection or subscription.

It is checked for each event, so that a logout, a disabled account, a new password, a deleted token
or a removal from the project silences a connection at once.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.access.permissions import PERMISSIONS, Action, is_allowed
from chalicelib.dynamodb.table import BatchResult, Key, batch_get
from chalicelib.live.models import Holder
from chalicelib.members.models import Member
from chalicelib.projects.models import Project
from chalicelib.sessions.models import ApiToken


class Reader(Struct, frozen=True):
    """A member of a project, with the scopes of the API token; None for a session."""

    role: str
    scopes: frozenset[str] | None

    def may(self, action: Action) -> bool:
        """Return whether the reader may perform `action` in the project."""
        is_in_scope = self.scopes is None or PERMISSIONS[action].scope in self.scopes
        return is_in_scope and is_allowed(self.role, action)


class Readers:
    """The readers of a project among `holders`, read in one round trip."""

    def __init__(self, project_id: str, holders: Iterable[Holder], now: datetime) -> None:
        self._project_id, self._now = project_id, now
        keys: set[Key[Any]] = {Project.key(project_id)}
        for holder in holders:
            member_key = Member.key(project_id, holder.user_id)
            keys |= {holder.user_key, holder.credential_key, member_key}
        self._items = batch_get(*keys)
        project = self._items.get(Project.key(project_id))
        self._is_readable = project is not None and project.deleted_at is None

    def is_logged_in(self, holder: Holder) -> bool:
        """Return whether the account is active and the session or API token is valid."""
        return is_logged_in(holder, self._items, self._now)

    def get(self, holder: Holder) -> Reader | None:
        """Return the reader; None if the holder may not read the project's tasks."""
        member = self._items.get(Member.key(self._project_id, holder.user_id))
        if member is None or not self._is_readable or not self.is_logged_in(holder):
            return None
        token = self._items.get(holder.credential_key)
        scopes = None
        if isinstance(token, ApiToken):
            if token.projects is not None and self._project_id not in token.projects:
                return None
            scopes = frozenset(token.scopes)
        reader = Reader(member.role, scopes)
        return reader if reader.may(Action.READ_TASKS) else None


def is_logged_in(holder: Holder, items: BatchResult, now: datetime) -> bool:
    """Return whether the account is active and the session or API token is valid.

    `items` must contain the items at `holder.user_key` and `holder.credential_key`.
    """
    user, credential = items.get(holder.user_key), items.get(holder.credential_key)
    if user is None or not user.is_active or credential is None:
        return False
    is_live: bool = credential.is_live(user.epoch, now)
    return is_live
