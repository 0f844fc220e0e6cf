"""`/api/projects/{id}/labels`: labels of a project."""

from functools import partial
from typing import Annotated

from chalice.app import Blueprint, Response
from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.api.answers import changed, conditional, created, expected_version, nothing
from chalicelib.api.bodies import given
from chalicelib.api.fields import Id, Page, Time
from chalicelib.api.gate import route
from chalicelib.api.pages import PageQuery, page
from chalicelib.domain import labels
from chalicelib.domain.access import Action, ProjectAccess
from chalicelib.store.labels import Label as LabelRow

bp = Blueprint(__name__)

LABELS = "/api/projects/{project_id}/labels"
LABEL = LABELS + "/{label_id}"

Name = Annotated[str, Meta(min_length=1, max_length=50)]
Colour = Annotated[str, Meta(pattern=r"^#[0-9a-f]{6}\Z")]


class NewLabel(Struct, forbid_unknown_fields=True):
    name: Name
    colour: Colour = "#808080"


class LabelPatch(Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    colour: Colour | UnsetType = UNSET


class Label(Struct):
    """What tasks of the project can be marked with."""

    id: Id
    name: str
    colour: str
    created_at: Time
    version: int


@route(bp, "GET", LABELS, Action.READ_TASKS, query=PageQuery, gives=Page[Label])
def listed(access: ProjectAccess, query: PageQuery) -> Response:
    find = partial(labels.listed, access)
    return page(access, query, f"labels {access.project.id}", find, shown)


@route(bp, "POST", LABELS, Action.WRITE_TASKS, body=NewLabel, gives=Label, status=201)
def create(access: ProjectAccess, body: NewLabel) -> Response:
    label = labels.create(access, name=body.name, colour=body.colour)
    return created(shown(label), f"/api/projects/{access.project.id}/labels/{label.id}/")


@route(bp, "GET", LABEL, Action.READ_TASKS, gives=Label)
def read(access: ProjectAccess, label_id: str) -> Response:
    return conditional(shown(labels.read(access, label_id)), bp.current_request)


@route(bp, "PATCH", LABEL, Action.WRITE_TASKS, body=LabelPatch, gives=Label)
def change(access: ProjectAccess, body: LabelPatch, label_id: str) -> Response:
    version = expected_version(bp.current_request)
    return changed(shown(labels.change(access, label_id, given(body), version=version)))


@route(bp, "DELETE", LABEL, Action.WRITE_TASKS)
def delete(access: ProjectAccess, label_id: str) -> Response:
    labels.delete(access, label_id, version=expected_version(bp.current_request))
    return nothing()


def shown(label: LabelRow) -> Label:
    return Label(label.id, label.name, label.colour, label.created_at, int(label.version))
