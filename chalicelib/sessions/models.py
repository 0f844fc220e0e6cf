"""Sign-ins: one row each, beside the profile of whoever signed in."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.update import Action

from chalicelib.dynamodb.table import Item, Key, get_item, query_all
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import ConditionFailed, Delete, Update, Upsert, transact


class Session(Item):
    """`generation` counts refreshes; the refresh token of any other generation is void."""

    epoch = NumberAttribute(default=1)
    generation = NumberAttribute(default=1)
    rotated_at = UnicodeAttribute()
    created_at = UnicodeAttribute()
    idle_until = UnicodeAttribute()
    absolute_until = UnicodeAttribute()
    revoked_at = UnicodeAttribute(null=True)
    device = UnicodeAttribute(null=True)

    @staticmethod
    def key(user_id: str, session_id: str) -> "Key[Session]":
        return Key(Session, f"USER#{user_id}", f"SESSION#{session_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("SESSION#")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")

    def is_live(self, epoch: float, now: datetime) -> bool:
        """Not revoked, not run out, and of the account's present epoch; time-to-live deletes days
        late, so readers look."""
        runs = format_timestamp(now) < min(self.idle_until, self.absolute_until)
        return runs and self.revoked_at is None and self.epoch == epoch


def rotate_session(session: Session, *, idle_until: datetime, now: datetime) -> Session | None:
    """Step from the generation that `session` has to the next.

    Returns the session as it stands when somebody else stepped first, None when it was this call.
    """
    step = (
        Session.generation.set(session.generation + 1),
        Session.rotated_at.set(format_timestamp(now)),
        Session.idle_until.set(format_timestamp(idle_until)),
    )
    same = (Session.generation == session.generation) & Session.revoked_at.does_not_exist()
    try:
        transact(Update(Session.key(session.user_id, session.id), step, same))
    except ConditionFailed as failed:
        return Session.from_raw_data(failed.row) if failed.row else session
    return None


def revoke_session(user_id: str, session_id: str, now: datetime) -> None:
    """End a session at once; ending it again changes nothing."""
    end = Session.revoked_at.set(format_timestamp(now))
    live = Session.PK.exists() & Session.revoked_at.does_not_exist()
    try:
        transact(Update(Session.key(user_id, session_id), (end,), live))
    except ConditionFailed:
        return


def carry_over_session_write(user_id: str, session_id: str, epoch: float) -> Update:
    """The write that lets one session live on in a new epoch of its account."""
    live = Session.PK.exists() & Session.revoked_at.does_not_exist()
    return Update(Session.key(user_id, session_id), (Session.epoch.set(epoch),), live)


def get_session(user_id: str, session_id: str) -> Session | None:
    return get_item(Session.key(user_id, session_id))


def list_user_sessions(user_id: str) -> Iterator[Session]:
    """All sessions of a person, the newest first, ended ones included."""
    return query_all(
        Session, f"USER#{user_id}", Session.SK.startswith("SESSION#"), newest_first=True
    )


USE_RECORDED_EVERY = timedelta(minutes=1)


class ApiToken(Item):
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
        return format_timestamp(now) < self.valid_until and self.epoch == epoch


def record_token_use(token: ApiToken, now: datetime) -> None:
    """Remember that the token was used, at most once a minute."""
    if (
        token.last_used_at is not None
        and parse_timestamp(token.last_used_at) > now - USE_RECORDED_EVERY
    ):
        return
    noting = ApiToken.last_used_at.set(format_timestamp(now))
    try:
        transact(Update(ApiToken.key(token.user_id, token.id), (noting,)))
    except ConditionFailed:  # deleted a moment ago: nothing left to remember
        return


def delete_api_token(user_id: str, token_id: str) -> bool:
    """Delete the token; False if there is none."""
    try:
        transact(Delete(ApiToken.key(user_id, token_id), ApiToken.PK.exists()))
    except ConditionFailed:
        return False
    return True


def list_user_api_tokens(user_id: str) -> Iterator[ApiToken]:
    return query_all(
        ApiToken, f"USER#{user_id}", ApiToken.SK.startswith("TOKEN#"), newest_first=True
    )


ATTEMPTS_EXPIRE_AFTER, ONE_DAY = timedelta(hours=1), timedelta(days=1)


class Throttle(Item):
    tries = NumberAttribute(default=0)
    tried_at = UnicodeAttribute()
    blocked_until = UnicodeAttribute()

    @staticmethod
    def key(subject: str) -> "Key[Throttle]":
        return Key(Throttle, f"THROTTLE#{subject}", "THROTTLE")


def get_recent_attempts(subject: str, now: datetime) -> Throttle | None:
    """What is remembered of `subject`, or None; an hour of quiet is forgotten."""
    found = get_item(Throttle.key(subject))
    recent = format_timestamp(now - ATTEMPTS_EXPIRE_AFTER)
    return found if found is not None and found.tried_at > recent else None


def count_free_attempt(subject: str, free: int, now: datetime) -> bool:
    """Count a try that is one of the `free` ones; False when these are used up, or long ago."""
    recent = Throttle.tried_at > format_timestamp(now - ATTEMPTS_EXPIRE_AFTER)
    left = Throttle.PK.does_not_exist() | ((Throttle.tries < free) & recent)
    actions = (Throttle.tries.add(1), *_attempt_actions(now, now))
    try:
        transact(Update(Throttle.key(subject), actions, left))
    except ConditionFailed:
        return False
    return True


def count_daily_attempt(subject: str, most: int, now: datetime) -> bool:
    """Count a try that is one of the `most` a day has; False when these are used up. The day is
    part of the subject."""
    left = Throttle.PK.does_not_exist() | (Throttle.tries < most)
    actions = (Throttle.tries.add(1), *_attempt_actions(now, now, kept=2 * ONE_DAY))
    try:
        transact(Update(Throttle.key(subject), actions, left))
    except ConditionFailed:
        return False
    return True


def count_blocking_attempt(
    subject: str, seen: Throttle | None, wait: timedelta, now: datetime
) -> bool:
    """Count one more try after `seen`, and block the next for `wait`.

    False when a rival counted first: look again. So no try escapes, however many come at once.
    """
    tries = Throttle.tries.set((seen.tries if seen else 0) + 1)
    recent = Throttle.tried_at > format_timestamp(now - ATTEMPTS_EXPIRE_AFTER)
    as_seen = (Throttle.tries == seen.tries) & recent if seen else ~recent
    try:
        transact(
            Update(Throttle.key(subject), (tries, *_attempt_actions(now, now + wait)), as_seen)
        )
    except ConditionFailed:
        return False
    return True


def reset_attempts(subject: str, now: datetime) -> None:
    """Begin anew with `subject`."""
    transact(Upsert(Throttle.key(subject), (Throttle.tries.set(0), *_attempt_actions(now, now))))


def return_attempt(subject: str) -> None:
    """Count one try less."""
    try:
        transact(Update(Throttle.key(subject), (Throttle.tries.add(-1),), Throttle.tries > 0))
    except ConditionFailed:
        return


def _attempt_actions(
    now: datetime, blocked_until: datetime, kept: timedelta = 2 * ATTEMPTS_EXPIRE_AFTER
) -> tuple[Action, ...]:
    return (
        Throttle.tried_at.set(format_timestamp(now)),
        Throttle.blocked_until.set(format_timestamp(blocked_until)),
        Throttle.expires_at.set(to_epoch_seconds(now + kept)),
    )
