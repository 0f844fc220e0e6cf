"""Avatars: pictures of people, rows beside their profiles; the bytes are in the bucket."""

from chalicelib.store import ids, table
from chalicelib.store.table import Key
from chalicelib.store.uploads import Upload

PREFIX = "avatar/"


class Avatar(Upload):
    @staticmethod
    def key(user_id: str, avatar_id: str) -> "Key[Avatar]":
        return Key(Avatar, f"USER#{user_id}", f"AVATAR#{avatar_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("AVATAR#")

    @property
    def user_id(self) -> str:
        return self.PK.removeprefix("USER#")

    @property
    def stretch(self) -> str:
        """All avatars are one."""
        return PREFIX


def object_key(user_id: str, avatar_id: str) -> str:
    return f"{PREFIX}{user_id}/{avatar_id}"


def by_id(user_id: str, avatar_id: str) -> Avatar | None:
    return table.get(Avatar.key(user_id, avatar_id))


def key_of(object_key: str) -> "Key[Avatar] | None":
    """Where the row of the object stands, or None for a key that is not ours."""
    user_id, _, avatar_id = object_key.removeprefix(PREFIX).partition("/")
    ours = object_key.startswith(PREFIX) and ids.is_id(user_id) and ids.is_id(avatar_id)
    return Avatar.key(user_id, avatar_id) if ours else None
