"""Avatars: pictures of people, rows beside their profiles; the bytes are in the bucket."""

from chalicelib.store import table
from chalicelib.store.table import Key
from chalicelib.store.uploads import Upload


class Avatar(Upload):
    @staticmethod
    def key(user_id: str, avatar_id: str) -> "Key[Avatar]":
        return Key(Avatar, f"USER#{user_id}", f"AVATAR#{avatar_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("AVATAR#")


def object_key(user_id: str, avatar_id: str) -> str:
    return f"avatar/{user_id}/{avatar_id}"


def by_id(user_id: str, avatar_id: str) -> Avatar | None:
    return table.get(Avatar.key(user_id, avatar_id))
