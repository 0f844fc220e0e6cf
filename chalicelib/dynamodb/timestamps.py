"""The format of stored times: RFC 3339 in UTC with milliseconds, so text order is time order."""

from datetime import UTC, datetime


def format_timestamp(moment: datetime) -> str:
    """Return `moment` as `2026-11-22T09:00:00.000Z`; it must have a time zone."""
    utc = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return utc.replace("+00:00", "Z")


def parse_timestamp(text: str) -> datetime:
    """Return the time that `format_timestamp` wrote."""
    return datetime.fromisoformat(text)


def to_epoch_seconds(moment: datetime) -> int:
    """Return whole seconds since 1970, the form of the table's time-to-live attribute."""
    return int(moment.timestamp())
