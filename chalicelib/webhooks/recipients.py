"""The state of the table that decides about a delivery, read right before it is sent."""

from msgspec import Struct

from chalicelib.access.permissions import Action, is_allowed
from chalicelib.accounts.models import User
from chalicelib.dynamodb.table import batch_get
from chalicelib.live.events import ACTIONS
from chalicelib.members.models import Member
from chalicelib.projects.models import Project
from chalicelib.webhooks.delivery_models import Delivery, PendingDelivery
from chalicelib.webhooks.models import Webhook


class DeliveryState(Struct, frozen=True):
    """The webhook and the delivery, None if they are deleted; whether the project exists and is not
    in the trash; and the role of the webhook's owner, None without an active membership."""

    webhook: Webhook | None
    delivery: Delivery | None
    is_project_open: bool
    role: str | None

    @property
    def is_owner_admin(self) -> bool:
        """Whether the owner may still have webhooks in the project."""
        return self.role is not None and is_allowed(self.role, Action.MANAGE_WEBHOOKS)

    def may_owner_read(self, event_type: str) -> bool:
        """Return whether the owner may know of events of this type; test events tell nothing."""
        action = ACTIONS.get(event_type.partition(".")[0], Action.READ_WEBHOOKS)
        return self.role is not None and is_allowed(self.role, action)


def read_state(project_id: str, pending: PendingDelivery) -> DeliveryState:
    """Read what decides about a delivery, in two round trips."""
    webhook_key = Webhook.key(project_id, pending.webhook_id)
    delivery_key, project_key = pending.delivery_key, Project.key(project_id)
    items = batch_get(webhook_key, delivery_key, project_key)
    webhook, project = items.get(webhook_key), items.get(project_key)
    role = None if webhook is None else find_role(project_id, webhook.owner_id)
    is_open = project is not None and project.deleted_at is None
    return DeliveryState(webhook, items.get(delivery_key), is_open, role)


def find_role(project_id: str, user_id: str) -> str | None:
    """Return the role of a member whose account is active; None for anybody else."""
    user_key, member_key = User.key(user_id), Member.key(project_id, user_id)
    items = batch_get(user_key, member_key)
    user, member = items.get(user_key), items.get(member_key)
    return member.role if user is not None and user.is_active and member is not None else None
