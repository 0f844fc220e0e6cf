"""Mails about the account itself: what each says. None when the reason has gone."""

from datetime import datetime

from chalicelib import settings
from chalicelib.domain import one_time
from chalicelib.domain.stationery import Letter, filled
from chalicelib.store import users
from chalicelib.store.one_time import Purpose
from chalicelib.store.outbox import Mail
from chalicelib.store.users import User


def verify(owed: Mail, now: datetime) -> Letter | None:
    user = _same_password(owed)
    if user is None or user.is_verified:
        return None
    return _with_token("verify", "Confirm your address", user, Purpose.VERIFICATION, now)


def reset(owed: Mail, now: datetime) -> Letter | None:
    user = _same_password(owed)
    if user is None:
        return None
    return _with_token("reset", "Choose a new password", user, Purpose.RESET, now)


def new_email(owed: Mail, now: datetime) -> Letter | None:
    user = _same_password(owed)
    if user is None or user.new_email is None:
        return None
    subject, to = "Confirm your new address", user.new_email
    return _with_token("new_email", subject, user, Purpose.NEW_EMAIL, now, to=to)


def password_changed(owed: Mail, now: datetime) -> Letter | None:
    user = _account(owed)
    if user is None:
        return None
    subject, link = "Your password was changed", f"{settings.APP_URL}/forgot-password"
    return filled("password_changed", subject, to=user.email, link=link, user=user)


def email_changed(owed: Mail, now: datetime) -> Letter | None:
    user = _account(owed)
    if user is None:
        return None
    subject, link = "The address of your account was changed", settings.APP_URL
    return filled("email_changed", subject, to=owed.address, link=link, user=user)


def leaving(owed: Mail, now: datetime) -> Letter | None:
    user = _account(owed)
    if user is None or user.leaving_at is None:
        return None
    subject = "Your account will be deleted"
    link = f"{settings.APP_URL}/login"
    return filled("leaving", subject, to=user.email, link=link, user=user, day=user.leaving_at[:10])


def _account(owed: Mail) -> User | None:
    user = users.by_id(owed.recipient)
    return user if user is not None and user.may_enter else None


def _same_password(owed: Mail) -> User | None:
    """The account, unless its password was changed since: that voids what was asked for before."""
    user = _account(owed)
    return user if user is not None and user.epoch == owed.epoch else None


def _with_token(
    template: str, subject: str, user: User, purpose: Purpose, now: datetime, to: str = ""
) -> Letter | None:
    token = one_time.issue(user, purpose, now)
    if token is None:
        return None
    link = f"{settings.APP_URL}/{template.replace('_', '-')}?token={token}"
    return filled(template, subject, to=to or user.email, link=link, user=user)
