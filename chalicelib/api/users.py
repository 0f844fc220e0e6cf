"""`/api/users` and `/api/admin/users`: finding each other, and what site staff sees."""

from functools import partial
from typing import Annotated

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from chalicelib.api.answers import answer
from chalicelib.api.bodies import given
from chalicelib.api.fields import Id, Page, Time
from chalicelib.api.gate import route
from chalicelib.api.pages import PageQuery, page
from chalicelib.domain import people, staff
from chalicelib.domain.access import Access, Action
from chalicelib.errors import BadRequest, FieldError
from chalicelib.store.users import User

bp = Blueprint(__name__)


class PersonQuery(Struct, forbid_unknown_fields=True):
    email: str | None = None
    username: str | None = None


class StaffQuery(PageQuery):
    email: Annotated[str, Meta(max_length=254)] = ""


class StaffPatch(Struct, forbid_unknown_fields=True):
    is_disabled: bool | UnsetType = UNSET
    is_staff: bool | UnsetType = UNSET


class Person(Struct):
    """Somebody, as anybody may see them."""

    id: Id
    username: str
    display_name: str


class StaffAccount(Person):
    """An account as site staff sees it."""

    email: str
    is_verified: bool
    is_staff: bool
    is_disabled: bool
    created_at: Time


@route(bp, "GET", "/api/users", Action.READ_ACCOUNT, query=PersonQuery, gives=Page[Person])
def find(access: Access, query: PersonQuery) -> Response:
    if (query.email is None) == (query.username is None):
        raise BadRequest(errors=(FieldError("email", "give either email or username"),))
    found = people.find(access, email=query.email, username=query.username)
    return answer(Page([person(found)] if found else []))


@route(
    bp, "GET", "/api/admin/users", Action.MANAGE_USERS, query=StaffQuery, gives=Page[StaffAccount]
)
def listed(access: Access, query: StaffQuery) -> Response:
    find = partial(staff.people, prefix=query.email)
    return page(access, query, f"people {query.email}", find, for_staff)


@route(
    bp,
    "PATCH",
    "/api/admin/users/{user_id}",
    Action.MANAGE_USERS,
    body=StaffPatch,
    gives=StaffAccount,
)
def change(access: Access, body: StaffPatch, user_id: str) -> Response:
    fields = given(body)
    user = staff.change(
        access, user_id, disabled=fields.get("is_disabled"), staff=fields.get("is_staff")
    )
    return answer(for_staff(user))


def person(user: User) -> Person:
    return Person(id=user.id, username=user.username, display_name=user.display_name)


def for_staff(user: User) -> StaffAccount:
    return StaffAccount(
        **asdict(person(user)),
        email=user.email,
        is_verified=user.is_verified,
        is_staff=user.is_staff,
        is_disabled=user.disabled_at is not None,
        created_at=user.created_at,
    )
