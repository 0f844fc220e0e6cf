"""Request and response types of `/api/projects`."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import asdict

from chalicelib.access.permissions import Role
from chalicelib.accounts.schemas import Person
from chalicelib.http.fields import Id, Time
from chalicelib.http.pagination import PageQuery
from chalicelib.http.text_fields import line, matching, paragraphs
from chalicelib.members.schemas import Member
from chalicelib.newer_releases import as_stored
from chalicelib.projects import models
from chalicelib.projects.models import ProjectOverview

Name = Annotated[str, line(max_length=200)]
Description = Annotated[str, paragraphs(max_length=20_000, required=False)]
# The KEY of a task's KEY-12.
Key = Annotated[
    str,
    matching(
        "[A-Z][A-Z0-9]{1,9}", "must be 2 to 10 capital letters A-Z and digits, a letter first"
    ),
]


class NewProject(Struct, forbid_unknown_fields=True):
    name: Name
    description: Description = ""
    key: Key | None = None
    is_template: bool = False


class WholeProject(Struct, forbid_unknown_fields=True):
    name: Name
    description: Description
    key: Key | UnsetType = UNSET  # it cannot be cleared
    is_template: bool | UnsetType = UNSET  # newer than the other fields


class ProjectPatch(Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    key: Key | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    is_template: bool | UnsetType = UNSET


class ProjectsQuery(PageQuery):
    template: bool | None = None


class ProjectQuery(Struct, forbid_unknown_fields=True):
    # `members` are always included.
    include: Annotated[list[Literal["owner", "members"]], Meta(min_length=1)] = field(
        default_factory=lambda: ["members"]
    )


class Project(Struct):
    """A project, with the caller's role in it."""

    id: Id
    name: str
    key: str
    description: str
    owner: Id
    my_role: Role
    members_count: int
    is_template: bool
    archived_at: Time | None
    deleted_at: Time | None
    created_at: Time
    updated_at: Time
    version: int


class CountedProject(Project):
    """A project with its task counts."""

    tasks_count: int
    tasks_by_status: dict[str, int]


class ProjectDetails(CountedProject):
    """A project with its task counts and its members.

    With `include=owner`, `owner` is a person instead of an id.
    """

    owner: Id | Person  # type: ignore[assignment]
    members: list[Member]


def present_project(project: models.Project, role: str) -> Project:
    """Return the project as a member with this role sees it."""
    return Project(
        id=project.id,
        name=project.name,
        key=project.prefix,
        description=project.description,
        owner=project.owner_id,
        my_role=as_stored(Role, role),
        members_count=int(project.members_count),
        is_template=bool(project.is_template),
        archived_at=project.archived_at,
        deleted_at=project.deleted_at,
        created_at=project.created_at,
        updated_at=project.updated_at,
        version=int(project.version),
    )


def present_overview(overview: ProjectOverview, role: str) -> CountedProject:
    """Return the project and its task counts as a member with this role sees them."""
    project = present_project(overview.project, role)
    return CountedProject(
        **asdict(project),
        tasks_count=sum(overview.tasks.values()),
        tasks_by_status=overview.tasks,
    )
