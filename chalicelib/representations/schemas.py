"""The parameters `include` and `fields`, and the tasks that reads with them return."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, field
from msgspec.structs import asdict

from chalicelib.accounts.schemas import Person, present_person
from chalicelib.http.fields import Id
from chalicelib.labels.schemas import Label, present_label
from chalicelib.projects import models as project_models
from chalicelib.representations.service import IncludedObjects, Target
from chalicelib.tasks import schemas as task_schemas

CardField: TypeAlias = Literal[task_schemas.TaskCard.__struct_fields__]  # type: ignore[valid-type]
TaskField: TypeAlias = Literal[task_schemas.Task.__struct_fields__]  # type: ignore[valid-type]

# The fields in which included objects take the place of ids.
INCLUDED_IN = {"assignee": "assigned_to", "labels": "labels", "project": "project"}
INCLUDE_TEXT = "The objects to return in place of their ids."
FIELDS_TEXT = "The fields to return, beside `id`; all others are left out."


class Inclusion(StrEnum):
    """An object that a task can contain in place of its id."""

    ASSIGNEE = "assignee"
    LABELS = "labels"
    PROJECT = "project"


Include = Annotated[list[Inclusion], Meta(min_length=1, description=INCLUDE_TEXT)]
CardFields = Annotated[list[CardField], Meta(min_length=1, description=FIELDS_TEXT)]
TaskFields = Annotated[list[TaskField], Meta(min_length=1, description=FIELDS_TEXT)]


class TaskRepresentationQuery(Struct, forbid_unknown_fields=True):
    """The representation of a task; `render=html` adds its description as HTML."""

    include: Include = field(default_factory=list)
    fields: TaskFields = field(default_factory=list)
    render: Literal["html"] | None = None

    def target(self, task_id: str) -> Target:
        return Target(task_id, choose_representation(self.include, self.fields).include)


class ProjectSummary(Struct):
    """A project, as its tasks show it."""

    id: Id
    name: str
    key: str


class TaskCard(task_schemas.TaskCard):
    """A task as lists show it.

    With `include`, objects take the place of ids; an object that was just deleted remains an id.
    With `fields`, only these fields and `id` are present.
    """

    project: Id | ProjectSummary  # type: ignore[assignment]
    assigned_to: Id | Person | None  # type: ignore[assignment]
    labels: list[Id | Label]  # type: ignore[assignment]


class ExpandedTask(task_schemas.Task):
    """A whole task; see `TaskCard` for `include` and `fields`."""

    project: Id | ProjectSummary  # type: ignore[assignment]
    assigned_to: Id | Person | None  # type: ignore[assignment]
    labels: list[Id | Label]  # type: ignore[assignment]


class Representation(Struct, frozen=True):
    """The representation of a task in a response.

    `include` has the kinds of objects that replace their ids, and `fields` the names of the fields
    to return. An empty `fields` stands for all fields.
    """

    include: frozenset[str]
    fields: frozenset[str]

    def build_body(
        self,
        task: task_schemas.TaskCard,
        project: project_models.Project,
        included: IncludedObjects,
    ) -> task_schemas.TaskCard | dict[str, Any]:
        """Return the body of a task, made from its full body without included objects."""
        if not self.include and not self.fields:
            return task
        body = asdict(task)
        if "project" in self.include:
            body["project"] = ProjectSummary(project.id, project.name, project.prefix)
        if "assignee" in self.include and task.assigned_to in included.people:
            body["assigned_to"] = present_person(included.people[task.assigned_to])
        if "labels" in self.include:
            body["labels"] = [
                present_label(included.labels[each]) if each in included.labels else each
                for each in task.labels
            ]
        shown = {"id", *self.fields} if self.fields else body.keys()
        return {name: body[name] for name in body if name in shown and body[name] is not UNSET}


def choose_representation(include: Iterable[str], fields: Sequence[str]) -> Representation:
    """Return the representation for the two parameters.

    Objects in fields that are not returned are not included.
    """
    shown = [name for name in include if not fields or INCLUDED_IN[name] in fields]
    return Representation(frozenset(shown), frozenset(fields))
