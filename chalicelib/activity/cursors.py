"""Cursors of the changes feed: a round of one caller, through all projects or one."""

from chalicelib.activity.changes_feed import FeedPosition, SyncRound
from chalicelib.http.pagination import decode_cursor, encode_cursor


def encode_round(round_: SyncRound, *, caller: str, project: str | None) -> str:
    """Return the cursor with which the caller asks for the round, of one project or of all."""
    stored = {"since": round_.since, "began": round_.began, "place": round_.position}
    return str(encode_cursor(stored, caller=caller, filters=_filters(project)))


def decode_round(cursor: str | None, *, caller: str, project: str | None) -> SyncRound | None:
    """Return the round of a cursor; None without one.

    Raises `BadRequest` when the cursor was modified, or belongs to another caller or project.
    """
    known = decode_cursor(cursor, caller=caller, filters=_filters(project))
    if known is None:
        return None
    return SyncRound(known["since"], known["began"], FeedPosition(*known["place"]))


def _filters(project: str | None) -> str:
    return f"changes {project}" if project else "changes"
