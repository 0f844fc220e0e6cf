"""Items of sessions, API tokens and throttle counters.

Sessions and API tokens share the partition of their user's profile.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.update import Action

from chalicelib.dynamodb.table import Item, Key, get_item, query_all
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import (
    ConditionFailed,
    Update,
    Upsert,
    Write,
    delete_existing,
    transact,
    transact_if_possible,
)

TOKEN_USE_RECORDED_EVERY = timedelta(minutes=1)
ATTEMPTS_EXPIRE_AFTER = timedelta(hours=1)
ATTEMPTS_KEPT_FOR = timedelta(hours=2)
DAILY_ATTEMPTS_KEPT_FOR = timedelta(days=2)
# For this long after a login or a step-up, the session may change what protects the account.
PROOF_LIFETIME = timedelta(minutes=10)


class Session(Item):
    """One login of a user. `generation` counts the refreshes; only the refresh token of the current
    generation is valid. `proved_at` is the time of the last login or step-up (RFC 9470)."""

    epoch = NumberAttribute(default=1)
    generation = NumberAttribute(default=1)
    rotated_at = UnicodeAttribute()
    created_at = UnicodeAttribute()
    idle_until = UnicodeAttribute()
    absolute_until = UnicodeAttribute()
    revoked_at = UnicodeAttribute(null=True)
    proved_at = UnicodeAttribute(null=True)
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
        """Return whether the session is neither revoked nor expired, and of the account's `epoch`.

        Readers must check this: DynamoDB's time-to-live deletes expired items days late.
        """
        has_time_left = format_timestamp(now) < min(self.idle_until, self.absolute_until)
        return has_time_left and self.revoked_at is None and self.epoch == epoch

    def is_proved(self, now: datetime, since: str | None) -> bool:
        """Return whether the user has proved in the last ten minutes, and not before `since`, who
        they are."""
        proved_at = self.proved_at or ""
        return proved_at > format_timestamp(now - PROOF_LIFETIME) and proved_at >= (since or "")


def prove_session_write(user_id: str, session_id: str, now: datetime) -> Update:
    """Return the write that records a step-up of a live session."""
    proved = Session.proved_at.set(format_timestamp(now))
    live = Session.PK.exists() & Session.revoked_at.does_not_exist()
    return Update(Session.key(user_id, session_id), (proved,), live)


def rotate_session(session: Session, *, idle_until: datetime, now: datetime) -> Session:
    """Advance the session by one generation, and return it.

    When a concurrent request was first, return the session as that request left it.
    """
    actions = (
        Session.generation.set(session.generation + 1),
        Session.rotated_at.set(format_timestamp(now)),
        Session.idle_until.set(format_timestamp(idle_until)),
    )
    unchanged = (Session.generation == session.generation) & Session.revoked_at.does_not_exist()
    try:
        transact(Update(Session.key(session.user_id, session.id), actions, unchanged))
    except ConditionFailed as failed:
        return Session.from_raw_data(failed.item) if failed.item else session
    session.generation += 1
    session.rotated_at = format_timestamp(now)
    return session


def revoke_session(user_id: str, session_id: str, now: datetime, *writes: Write) -> None:
    """End a session at once, together with `writes`. Without effect if it has ended."""
    revoked = Session.revoked_at.set(format_timestamp(now))
    live = Session.PK.exists() & Session.revoked_at.does_not_exist()
    try:
        transact(Update(Session.key(user_id, session_id), (revoked,), live), *writes)
    except ConditionFailed:
        return


def carry_over_session_write(user_id: str, session_id: str, epoch: float) -> Update:
    """Return the write that keeps one session valid in a new `epoch` of its account."""
    live = Session.PK.exists() & Session.revoked_at.does_not_exist()
    return Update(Session.key(user_id, session_id), (Session.epoch.set(epoch),), live)


def list_user_sessions(user_id: str) -> Iterator[Session]:
    """Return all sessions of a user, the newest first, including those that have ended."""
    return query_all(
        Session, f"USER#{user_id}", Session.SK.startswith("SESSION#"), newest_first=True
    )


class ApiToken(Item):
    """A long-lived credential for scripts. `digest` is the hash of its secret, which is not stored.
    `projects` limits it to some projects; None means all."""

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
        """Return whether the token has not expired and is of the account's `epoch`."""
        return format_timestamp(now) < self.valid_until and self.epoch == epoch


def record_token_use(token: ApiToken, now: datetime) -> None:
    """Store `now` as the time of the token's last use, at most once a minute.

    If DynamoDB refuses the write, the stored time does not change, and the request goes on.
    """
    recorded_at = token.last_used_at
    if recorded_at and parse_timestamp(recorded_at) > now - TOKEN_USE_RECORDED_EVERY:
        return
    used = ApiToken.last_used_at.set(format_timestamp(now))
    # The token may have been deleted after it was read.
    transact_if_possible(Update(Key(type(token), token.PK, token.SK), (used,)))


def delete_api_token(user_id: str, token_id: str, *writes: Write) -> bool:
    """Delete an API token together with `writes`, and return whether it existed."""
    return delete_existing(ApiToken.key(user_id, token_id), *writes)


def list_user_api_tokens(user_id: str) -> Iterator[ApiToken]:
    """Return all API tokens of a user, the newest first, including expired ones."""
    return query_all(
        ApiToken, f"USER#{user_id}", ApiToken.SK.startswith("TOKEN#"), newest_first=True
    )


class Throttle(Item):
    """The attempts of one subject (see `sessions/throttling.py`), and how long it is blocked."""

    tries = NumberAttribute(default=0)
    tried_at = UnicodeAttribute()
    blocked_until = UnicodeAttribute()

    @staticmethod
    def key(subject: str) -> "Key[Throttle]":
        return Key(Throttle, f"THROTTLE#{subject}", "THROTTLE")


def get_recent_attempts(subject: str, now: datetime) -> Throttle | None:
    """Return the attempts of `subject`, or None when the last one was over an hour ago."""
    attempts = get_item(Throttle.key(subject))
    if attempts is None:
        return None
    recent = attempts.tried_at > format_timestamp(now - ATTEMPTS_EXPIRE_AFTER)
    return attempts if recent else None


def count_free_attempt(subject: str, free: int, now: datetime) -> bool:
    """Count an attempt if it is one of the `free` ones, and return whether it is.

    Return False also when earlier attempts have expired; `count_blocking_attempt` replaces them.
    """
    recent = Throttle.tried_at > format_timestamp(now - ATTEMPTS_EXPIRE_AFTER)
    is_free = Throttle.PK.does_not_exist() | ((Throttle.tries < free) & recent)
    actions = (Throttle.tries.add(1), *_attempt_actions(now, now, ATTEMPTS_KEPT_FOR))
    try:
        transact(Update(Throttle.key(subject), actions, is_free))
    except ConditionFailed:
        return False
    return True


def count_blocking_attempt(
    subject: str, seen: Throttle | None, wait: timedelta, now: datetime
) -> bool:
    """Count an attempt after those in `seen`, and block the next one for `wait`.

    Return False when a concurrent request counted first; then read the attempts again. So no
    attempt is left out, however many arrive at once.
    """
    tries = Throttle.tries.set((seen.tries if seen else 0) + 1)
    recent = Throttle.tried_at > format_timestamp(now - ATTEMPTS_EXPIRE_AFTER)
    unchanged = (Throttle.tries == seen.tries) & recent if seen else ~recent
    actions = (tries, *_attempt_actions(now, now + wait, ATTEMPTS_KEPT_FOR))
    try:
        transact(Update(Throttle.key(subject), actions, unchanged))
    except ConditionFailed:
        return False
    return True


def count_daily_attempt(subject: str, limit: int, now: datetime) -> bool:
    """Count an attempt if it is within the daily `limit`, and return whether it is.

    `subject` contains the day.
    """
    within_limit = Throttle.PK.does_not_exist() | (Throttle.tries < limit)
    actions = (Throttle.tries.add(1), *_attempt_actions(now, now, DAILY_ATTEMPTS_KEPT_FOR))
    try:
        transact(Update(Throttle.key(subject), actions, within_limit))
    except ConditionFailed:
        return False
    return True


def reset_attempts(subject: str, now: datetime) -> None:
    """Set the count of `subject` to zero."""
    actions = (Throttle.tries.set(0), *_attempt_actions(now, now, ATTEMPTS_KEPT_FOR))
    transact(Upsert(Throttle.key(subject), actions))


def return_attempt(subject: str) -> None:
    """Reduce the count of `subject` by one attempt, unless it is zero."""
    try:
        transact(Update(Throttle.key(subject), (Throttle.tries.add(-1),), Throttle.tries > 0))
    except ConditionFailed:
        return


def _attempt_actions(
    now: datetime, blocked_until: datetime, kept_for: timedelta
) -> tuple[Action, ...]:
    return (
        Throttle.tried_at.set(format_timestamp(now)),
        Throttle.blocked_until.set(format_timestamp(blocked_until)),
        Throttle.expires_at.set(to_epoch_seconds(now + kept_for)),
    )
