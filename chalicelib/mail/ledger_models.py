"""Lists of the outbox by state: what waits, and what became of the mails of the last 90 days."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.dynamodb import time_index
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, batch_get
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.mail.models import MAIL_KEPT_FOR, OutboxMail, ledger_key


def list_waiting(now: datetime, *, limit: int, start: dict[str, Any] | None) -> Page[OutboxMail]:
    """Return a page of the mails that are due by the end of the next hour, ordered by hour."""
    return _read_mails(time_index.list_waiting("mail", now, limit=limit, start=start))


def list_settled(
    outcome: str, now: datetime, *, limit: int, start: dict[str, Any] | None
) -> Page[OutboxMail]:
    """Return a page of the mails that ended with `outcome`, the newest first."""
    days = range(MAIL_KEPT_FOR.days + 1)
    months = {(now - timedelta(days=day)).strftime("%Y-%m") for day in days}
    page = time_index.list_buckets(
        [ledger_key(outcome, month) for month in sorted(months, reverse=True)],
        Item.wake_at >= format_timestamp(now - MAIL_KEPT_FOR),
        limit=limit,
        start=start,
        newest_first=True,
    )
    return _read_mails(page)


def _read_mails(page: Page[Item]) -> Page[OutboxMail]:
    """Return the mails of a page of keys; the index may be behind."""
    keys = [Key(OutboxMail, entry.PK, entry.SK) for entry in page.items]
    stored = batch_get(*keys)
    return Page([mail for key in keys if (mail := stored.get(key))], page.last_key)
