"""Request types of reports."""

from datetime import date

from msgspec import Struct


class NewReport(Struct, forbid_unknown_fields=True):
    first_day: date | None = None
    last_day: date | None = None
