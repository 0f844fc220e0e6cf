"""The end of an account, seven days after it was asked for: memberships end, authorship is
anonymous."""

from datetime import datetime

from chalicelib.domain import members as rules
from chalicelib.errors import NotFound
from chalicelib.observability import report
from chalicelib.store import api_tokens, members, sessions, users, wake
from chalicelib.store.times import stamp
from chalicelib.store.transaction import ConditionFailed, transact
from chalicelib.store.users import User


def erase_due(now: datetime) -> dict[str, int]:
    """Erase the accounts whose grace is over, and count them. Each step can be done again, so a
    run that was cut short is finished by the next."""
    erased = 0
    for row in wake.ready("leaving", now):
        user = users.by_id(row.PK.removeprefix("USER#"))
        if user is not None and user.leaving_at is not None and user.leaving_at <= stamp(now):
            erased += _erase(user, now)
    wake.settle("leaving", now)
    return report("accounts", {"erased": erased})


def _erase(user: User, now: datetime) -> bool:
    for edge in list(members.of_user(user.id)):
        if edge.role == "owner":  # became one during the grace: the project needs its owner
            return False
        _end_membership(edge.project_id, user.id, now)
    for token in list(api_tokens.of_user(user.id)):
        api_tokens.delete(user.id, token.id)
    for session in list(sessions.of_user(user.id)):
        sessions.revoke(user.id, session.id, now)
    return _anonymise(user, now)


def _end_membership(project_id: str, user_id: str, now: datetime) -> None:
    try:
        rules.end(project_id, user_id, reassign_to=None, now=now)
    except NotFound:  # the project is in the trash, and goes with it
        return


def _anonymise(user: User, now: datetime) -> bool:
    """Free address and username, and leave a profile that says nothing; its id stays in what the
    person wrote."""
    nobody = f"deleted-{user.id[-8:]}"
    try:
        transact(
            users.erased(user, nobody, stamp(now)),
            users.release_email(user.email, user.id),
            users.release_username(user.username, user.id),
        )
    except ConditionFailed:
        return False
    return True
