"""Passwords: hashing, checking, changing, recovering.

Argon2id at OWASP's first choice of cost: 19 MiB, two passes, one lane (about 17 ms).
https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
"""

from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from chalicelib.domain import notices, one_time, throttling
from chalicelib.domain.access import Access
from chalicelib.errors import Conflict, FieldError, Invalid
from chalicelib.store import sessions, suppressions, users
from chalicelib.store.one_time import Purpose, unused, voided
from chalicelib.store.transaction import ConditionFailed, transact
from chalicelib.store.users import Credentials, User, folded

# What an unknown account is checked against: a hash of the same cost that no password matches by
# more than chance, made once and for all so that asking for it costs no second hash.
NOBODYS_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$8YxnIB63p0xVWaaHRa5Hnw"
    "$1EKWO7BsgWPhkiGoFNVSeGe4V7hhsnB2g4Zr5UgDyBs"
)

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hashed(password: str) -> str:
    """The salted hash to store."""
    return _hasher.hash(password)


def matches(password: str, credentials: Credentials | None) -> bool:
    """Whether `password` is the right one; nobody's credentials cost the same hash."""
    stored = credentials.password_hash if credentials else NOBODYS_HASH
    try:
        _hasher.verify(stored, password)
    except VerificationError:
        return False
    return credentials is not None


def require_own(access: Access, password: str, *, source: str | None) -> Credentials:
    """The caller's credentials, if `password` is theirs. Raises `Invalid`, and `TooManyRequests`
    when it is guessed: a session is no licence to guess."""
    throttling.charge("password", account=access.user_id, source=source, now=access.now)
    credentials = users.credentials_of(access.user.email)
    if credentials is None or not matches(password, credentials):
        raise Invalid(code="wrong_password", errors=(FieldError("password", "is wrong"),))
    throttling.forgive("password", account=access.user_id, source=source, now=access.now)
    return credentials


def change(access: Access, *, password: str, new_password: str, source: str | None) -> None:
    """Change the password and end everything but this session: other sessions, API tokens and
    one-time tokens. Raises `Invalid` for a wrong `password`."""
    credentials = require_own(access, password, source=source)
    user = access.user
    same_epoch = User.epoch == user.epoch
    try:
        transact(
            users.replace_password(user, credentials.password_hash, hashed(new_password)),
            users.change(user.id, User.epoch.add(1), *voided(), condition=same_epoch),
            sessions.carry_over(user.id, access.session_id or "", user.epoch + 1),
            notices.about_account(user, notices.PASSWORD_CHANGED, access.now),
        )
    except ConditionFailed as failed:
        raise Conflict("The password was changed elsewhere at the same moment") from failed


def forgot(*, email: str, source: str | None, now: datetime) -> None:
    """Send a link to choose a new password; an unknown address gets nothing, and nobody hears of
    it."""
    throttling.charge("reset", account=folded(email), source=source, now=now)
    user = users.by_email(email)
    if user is not None and user.may_enter:
        voiding = users.change(user.id, *voided(Purpose.RESET))
        transact(voiding, notices.about_account(user, notices.RESET, now))


def reset(*, token: str, new_password: str, now: datetime) -> None:
    """Choose a new password with the token from the mail, which proves the address too; everything
    that was signed in is out. Raises `Invalid`."""
    presented = one_time.present(token, Purpose.RESET, now)
    user = presented.user
    credentials = users.credentials_of(user.email)
    new_hash = hashed(new_password)
    if credentials is None:
        raise one_time.refused()
    actions = (User.epoch.add(1), User.is_verified.set(True), *voided())
    used = unused(Purpose.RESET, presented.digest)
    try:
        transact(
            users.replace_password(user, credentials.password_hash, new_hash),
            users.change(user.id, *actions, condition=used),
            notices.about_account(user, notices.PASSWORD_CHANGED, now),
            suppressions.lifted(user.email, now),
        )
    except ConditionFailed as failed:
        raise one_time.refused() from failed
    throttling.forgive("login", account=folded(user.email), now=now)
