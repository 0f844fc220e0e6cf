"""Routes of `/api/projects/{id}/webhooks`: webhooks of a project and their logs."""

from functools import partial

from chalice.app import Blueprint, Response
from msgspec.structs import asdict

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch, prefetch_item, prefetch_list
from chalicelib.access.service import ProjectAccess, RequestContext
from chalicelib.http.bodies import sent_fields
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import PageQuery, page_response
from chalicelib.http.responses import (
    conditional_response,
    created_response,
    json_response,
    no_content_response,
    parse_if_match,
    updated_response,
)
from chalicelib.webhooks import models, schemas, service
from chalicelib.webhooks.schemas import Delivery, IssuedWebhook, NewWebhook, Webhook, WebhookPatch

bp = Blueprint(__name__)

WEBHOOKS = "/api/projects/{project_id}/webhooks"
WEBHOOK = WEBHOOKS + "/{webhook_id}"
DELIVERIES = WEBHOOK + "/deliveries"

_prefetch_webhook = prefetch_item(models.Webhook.key, "project_id", "webhook_id")


def _prefetch_webhooks(context: RequestContext, project_id: str) -> Prefetch:
    return prefetch_list(models.list_webhooks, project_id)


@route(
    bp,
    "GET",
    WEBHOOKS,
    Action.READ_WEBHOOKS,
    returns=Page[Webhook],
    prefetch=_prefetch_webhooks,
)
def list_webhooks(access: ProjectAccess) -> Response:
    """List a project's webhooks."""
    found = service.list_webhooks(access)
    return json_response(Page([schemas.present_webhook(each) for each in found]))


@route(
    bp,
    "POST",
    WEBHOOKS,
    Action.MANAGE_WEBHOOKS,
    body=NewWebhook,
    returns=IssuedWebhook,
    status=201,
)
def create_webhook(access: ProjectAccess, body: NewWebhook) -> Response:
    """Create a webhook."""
    issued = service.create_webhook(access, url=body.url, events=frozenset(body.events))
    webhook = schemas.present_webhook(issued.webhook)
    shown = IssuedWebhook(**asdict(webhook), secret=issued.secret)
    return created_response(shown, _path(access, webhook.id))


@route(bp, "GET", WEBHOOK, Action.READ_WEBHOOKS, returns=Webhook, prefetch=_prefetch_webhook)
def get_webhook(access: ProjectAccess, webhook_id: str) -> Response:
    """Get a webhook."""
    webhook = service.get_webhook(access, webhook_id)
    return conditional_response(schemas.present_webhook(webhook), bp.current_request)


@route(
    bp,
    "PATCH",
    WEBHOOK,
    Action.MANAGE_WEBHOOKS,
    body=WebhookPatch,
    returns=Webhook,
    prefetch=_prefetch_webhook,
)
def update_webhook(access: ProjectAccess, body: WebhookPatch, webhook_id: str) -> Response:
    """Update, pause or activate a webhook."""
    version = parse_if_match(bp.current_request)
    fields = schemas.store_fields(sent_fields(body))
    webhook = service.update_webhook(access, webhook_id, fields, version=version)
    return updated_response(schemas.present_webhook(webhook))


@route(bp, "DELETE", WEBHOOK, Action.MANAGE_WEBHOOKS, prefetch=_prefetch_webhook)
def delete_webhook(access: ProjectAccess, webhook_id: str) -> Response:
    """Delete a webhook."""
    service.delete_webhook(access, webhook_id, version=parse_if_match(bp.current_request))
    return no_content_response()


@route(
    bp,
    "POST",
    WEBHOOK + "/rotate-secret",
    Action.MANAGE_WEBHOOKS,
    returns=IssuedWebhook,
    prefetch=_prefetch_webhook,
)
def rotate_webhook_secret(access: ProjectAccess, webhook_id: str) -> Response:
    """Give a webhook a new secret."""
    issued = service.rotate_secret(access, webhook_id)
    webhook = schemas.present_webhook(issued.webhook)
    return updated_response(IssuedWebhook(**asdict(webhook), secret=issued.secret))


@route(
    bp,
    "POST",
    WEBHOOK + "/test",
    Action.MANAGE_WEBHOOKS,
    returns=Delivery,
    status=201,
    prefetch=_prefetch_webhook,
)
def send_webhook_test(access: ProjectAccess, webhook_id: str) -> Response:
    """Send a test event."""
    delivery = service.send_test(access, webhook_id)
    path = _path(access, webhook_id) + "deliveries/"
    return created_response(schemas.present_delivery(delivery), path)


@route(
    bp,
    "GET",
    DELIVERIES,
    Action.READ_WEBHOOKS,
    query=PageQuery,
    returns=Page[Delivery],
    prefetch=_prefetch_webhook,
)
def list_webhook_deliveries(access: ProjectAccess, query: PageQuery, webhook_id: str) -> Response:
    """List the deliveries of a webhook."""
    return page_response(
        access,
        query,
        f"deliveries {webhook_id}",
        partial(service.list_deliveries, access, webhook_id),
        schemas.present_delivery,
    )


@route(
    bp,
    "POST",
    DELIVERIES + "/{delivery_id}/redeliver",
    Action.MANAGE_WEBHOOKS,
    returns=Delivery,
    status=201,
    prefetch=_prefetch_webhook,
)
def redeliver_to_webhook(access: ProjectAccess, webhook_id: str, delivery_id: str) -> Response:
    """Send a delivery again."""
    delivery = service.redeliver(access, webhook_id, delivery_id)
    path = _path(access, webhook_id) + "deliveries/"
    return created_response(schemas.present_delivery(delivery), path)


def _path(access: ProjectAccess, webhook_id: str) -> str:
    return f"/api/projects/{access.project.id}/webhooks/{webhook_id}/"
