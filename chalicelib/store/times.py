"""How times are stored: RFC 3339 in UTC with milliseconds, so that text order is time order."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """`2026-11-22T09:00:00.000Z`; `moment` must carry a zone."""
    utc = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return utc.replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """The time that `stamp` wrote."""
    return datetime.fromisoformat(text)


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970, the form of the table's time-to-live attribute."""
    return int(moment.timestamp())
