"""API tokens for scripts and integrations: rows beside the profile of whoever they act for."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.store import table
from chalicelib.store.table import Key, Row
from chalicelib.store.times import moment, stamp
from chalicelib.store.transaction import ConditionFailed, Delete, Update, transact

NOTED_EVERY = timedelta(minutes=1)


class ApiToken(Row):
    """`digest` is of the secret, which is shown once and kept nowhere; no `projects` means all."""

    name = UnicodeAttribute()
    digest = UnicodeAttribute()
    scopes = UnicodeSetAttribute()
    projects = UnicodeSetAttribute(null=True)
    epoch = NumberAttribute(default=1)
    created_at = UnicodeAttribute()
    valid_until = UnicodeAttribute()
    last_used_at = UnicodeAttribute(null=True)
    reads_full_at = UnicodeAttribute(null=True)
    writes_full_at = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str, token_id: str) -> "Key[ApiToken]":
        return Key(ApiToken, f"USER#{user_id}", f"TOKEN#{token_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("TOKEN#")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")

    def is_live(self, epoch: float, now: datetime) -> bool:
        return stamp(now) < self.valid_until and self.epoch == epoch


def note_use(token: ApiToken, now: datetime) -> None:
    """Remember that the token was used, at most once a minute."""
    if token.last_used_at is not None and moment(token.last_used_at) > now - NOTED_EVERY:
        return
    noting = ApiToken.last_used_at.set(stamp(now))
    try:
        transact(Update(ApiToken.key(token.user_id, token.id), (noting,)))
    except ConditionFailed:  # deleted a moment ago: nothing left to remember
        return


def delete(user_id: str, token_id: str) -> bool:
    """Delete the token; False if there is none."""
    try:
        transact(Delete(ApiToken.key(user_id, token_id), ApiToken.PK.exists()))
    except ConditionFailed:
        return False
    return True


def of_user(user_id: str) -> Iterator[ApiToken]:
    return table.query_all(
        ApiToken, f"USER#{user_id}", ApiToken.SK.startswith("TOKEN#"), newest_first=True
    )
