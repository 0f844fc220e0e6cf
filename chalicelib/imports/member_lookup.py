"""The members of a project by the names that an import file has for them."""

from collections.abc import Iterable

from chalicelib.accounts.models import User, get_users
from chalicelib.email_addresses import canonical_address
from chalicelib.members.models import list_members
from chalicelib.text import fold_name


class People:
    """Finds members by username, email address or user id.

    An import invites nobody: a name that belongs to no member is reported. Display names do not
    count, because anybody can choose that of another person.
    """

    def __init__(self, users: Iterable[User]) -> None:
        self._ids: dict[str, str] = {}
        self._users = {user.id: user for user in users if user.is_active and not user.is_closing}
        for user in self._users.values():
            self._ids[fold_name(user.username)] = user.id
            self._ids[canonical_address(user.email)] = user.id
            self._ids[user.id] = user.id

    def find(self, names: Iterable[str]) -> str | None:
        """Return the id of the member that one of the names belongs to; None if there is none."""
        for name in names:
            found = self._ids.get(canonical_address(name) if "@" in name else fold_name(name))
            if found is not None:
                return found
        return None

    def get_zone(self, user_id: str | None) -> str | None:
        """Return the time zone of a member; None for nobody."""
        return None if user_id is None else self._users[user_id].time_zone


def load_people(project_id: str | None, requester_id: str) -> People:
    """Return the members of the project; without one, only the person who requests the import."""
    members = list_members(project_id) if project_id else ()
    return People(get_users({requester_id, *(each.user_id for each in members)}).values())
