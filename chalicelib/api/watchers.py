"""`/api/tasks/{id}/watchers`: who hears of what is said about a task."""

from chalice.app import Blueprint, Response
from msgspec import Struct

from chalicelib.api.answers import answer, nothing
from chalicelib.api.fields import Id, Page
from chalicelib.api.gate import route
from chalicelib.domain import watchers
from chalicelib.domain.access import Action, TaskAccess
from chalicelib.errors import NotFound
from chalicelib.store.ids import is_id
from chalicelib.store.users import User

bp = Blueprint(__name__)

WATCHERS = "/api/tasks/{task_id}/watchers"
WATCHER = WATCHERS + "/{watcher}"


class Watcher(Struct):
    user_id: Id
    username: str
    display_name: str


@route(bp, "GET", WATCHERS, Action.READ_TASKS, gives=Page[Watcher])
def listed(access: TaskAccess) -> Response:
    return answer(Page([shown(person) for person in watchers.of_task(access)]))


@route(bp, "PUT", WATCHER, Action.WATCH_TASKS)
def watch(access: TaskAccess, watcher: str) -> Response:
    watchers.watch(access, _named(access, watcher))
    return nothing()


@route(bp, "DELETE", WATCHER, Action.WATCH_TASKS)
def unwatch(access: TaskAccess, watcher: str) -> Response:
    watchers.unwatch(access, _named(access, watcher))
    return nothing()


def _named(access: TaskAccess, watcher: str) -> str:
    """The id of the person that the path names; `me` is the caller."""
    if watcher == "me":
        return access.user_id
    if not is_id(watcher):
        raise NotFound()
    return watcher


def shown(person: User) -> Watcher:
    return Watcher(person.id, person.username, person.display_name)
