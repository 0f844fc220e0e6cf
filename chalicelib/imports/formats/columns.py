"""Statuses and colors of other products, as this one has them."""

from chalicelib.text import fold_name

_NAMES = {
    "todo": "todo,to do,to-do,open,offen,zu erledigen,backlog,inbox,new,neu",
    "in_progress": "in progress,in_progress,doing,started,active,wip,in arbeit,in bearbeitung",
    "review": "review,in review,testing,in test,qa,zu prüfen,prüfung",
    "done": "done,complete,completed,closed,finished,resolved,erledigt,fertig,abgeschlossen",
}
_STATUSES = {
    fold_name(name): status for status, names in _NAMES.items() for name in names.split(",")
}
# The colors of labels at https://support.atlassian.com/trello/docs/adding-labels-to-cards/.
COLORS = {
    "green": "#4bce97",
    "yellow": "#f5cd47",
    "orange": "#fea362",
    "red": "#f87168",
    "purple": "#9f8fef",
    "blue": "#579dff",
    "sky": "#6cc3e0",
    "lime": "#94c748",
    "pink": "#e774bb",
    "black": "#8590a2",
}


def find_status(name: str) -> str | None:
    """Return the status that a list, section or column of this name stands for; None if none."""
    return _STATUSES.get(fold_name(name))


def find_color(name: str | None) -> str | None:
    """Return a color of Trello, such as `sky` or `green_dark`, as `#rrggbb`."""
    return COLORS.get((name or "").partition("_")[0])
