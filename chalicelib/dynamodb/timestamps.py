"""How times are stored: RFC 3339 in UTC with milliseconds, so that text order is time order."""

from datetime import UTC, datetime


def format_timestamp(moment: datetime) -> str:
    """`2026-11-22T09:00:00.000Z`; `moment` must carry a zone."""
    utc = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return utc.replace("+00:00", "Z")


def parse_timestamp(text: str) -> datetime:
    """The time that `stamp` wrote."""
    return datetime.fromisoformat(text)


def to_epoch_seconds(moment: datetime) -> int:
    """Whole seconds since 1970, the form of the table's time-to-live attribute."""
    return int(moment.timestamp())
