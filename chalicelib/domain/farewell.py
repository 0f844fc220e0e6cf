"""The end of an account, seven days after it was asked for: memberships end, authorship is
anonymous."""

from collections import Counter
from datetime import datetime

from chalicelib.domain import avatars
from chalicelib.domain import members as rules
from chalicelib.domain.access import Role
from chalicelib.domain.pacing import OutOfTime, Pace, unhurried
from chalicelib.errors import NotFound
from chalicelib.observability import report
from chalicelib.store import api_tokens, members, sessions, users, wake
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, transact
from chalicelib.store.users import User

# Is left to those behind us in the tick.
LEFT_MILLISECONDS = 120_000


def erase_due(now: datetime, pace: Pace | None = None) -> dict[str, int]:
    """Erase the accounts whose grace is over, as far as there is time, and count them. Each step
    can be done again, so a run that was cut short is finished by the next."""
    pace = (pace or unhurried(now)).leaving(LEFT_MILLISECONDS)
    outcome = Counter(erased=0)
    try:
        for row in pace.each(wake.ready("leaving", now)):
            user = users.by_id(row.PK.removeprefix("USER#"))
            if user is not None and user.leaving_at is not None and user.leaving_at <= stamp(now):
                outcome["erased"] += _erase(user, pace)
    except OutOfTime:
        outcome["put_off"] = 1
    wake.settle("leaving", now)
    return report("accounts", outcome)


def _erase(user: User, pace: Pace) -> bool:
    if not _shut(user, pace.clock()):
        return False
    for edge in pace.each(list(members.of_user(user.id))):
        if edge.role != Role.OWNER:  # what one still owns is in the trash, and is purged with it
            _end_membership(edge.project_id, user.id, pace.clock())
    for token in pace.each(list(api_tokens.of_user(user.id))):
        api_tokens.delete(user.id, token.id)
    for session in pace.each(list(sessions.of_user(user.id))):
        if session.revoked_at is None:
            sessions.revoke(user.id, session.id, pace.clock())
    avatars.let_go(user, pace.clock())
    return _anonymise(user)


def _shut(user: User, now: datetime) -> bool:
    """Nobody enters from here on; False for somebody who came back in time."""
    if user.erased_at is not None:  # an earlier run got this far
        return True
    still_leaving = User.leaving_at == user.leaving_at
    shutting = users.change(user.id, User.erased_at.set(stamp(now)), condition=still_leaving)
    try:
        transact(shutting)
    except ConditionFailed:
        return False
    return True


def _end_membership(project_id: str, user_id: str, now: datetime) -> None:
    try:
        rules.end(project_id, user_id, reassign_to=None, now=now)
    except NotFound:  # the project is in the trash, and goes with it
        return


def _anonymise(user: User) -> bool:
    """Free address and username, and leave a profile that says nothing; its id stays in what the
    person wrote."""
    nobody = f"deleted-{user.id[-8:]}"
    try:
        transact(
            users.anonymous(user, nobody),
            users.release_email(user.email, user.id),
            users.release_username(user.username, user.id),
        )
    except ConditionFailed:  # a run beside this one was first
        return False
    return True
