"""The clock. Entry points read it once for each request or event and pass the time on."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
