"""Uploads of every kind: what was announced and never came vanishes, object and row."""

from datetime import datetime

from chalicelib.observability import report
from chalicelib.store import files, uploads, wake


def expire(now: datetime) -> dict[str, int]:
    """Remove uploads that nobody confirmed within a day, and those that were replaced; count them.

    The row is closed first and removed last: a crash between leaves a row that the next tick finds,
    never an object that nobody knows.
    """
    expired = 0
    for row in wake.ready("upload", now):
        upload = uploads.at(row.PK, row.SK)
        if upload is not None and uploads.expire(upload):
            files.delete(upload.object_key)
            uploads.forget(upload)
            expired += 1
    wake.settle("upload", now)
    return report("uploads", {"expired": expired})
