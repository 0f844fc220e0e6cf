"""The writes that record an action in the audit log, for the transaction of their cause.

    transact(Put(token), audit_write(access, AuditAction.TOKEN_CREATED, target=token.id))

So the entry exists if and only if the change does. `details` are short texts, never a secret, an
address or a text that a person wrote (docs/privacy.md).
"""

from datetime import datetime
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from chalicelib.audit.actions import AuditAction
from chalicelib.audit.models import Origin, create_entry_write
from chalicelib.dynamodb.transactions import Put
from chalicelib.observability import logger

if TYPE_CHECKING:  # jobs record actions too, and do not need it
    from chalicelib.access.service import Access, RequestContext

# The bits of a source address that are stored, by version of the Internet Protocol.
STORED_BITS = {4: 24, 6: 48}


def audit_write(
    access: "Access",
    action: AuditAction,
    subject: str,
    *,
    target: str | None = None,
    **details: Any,
) -> Put:
    """Return the write of an entry about what the caller does.

    `subject` is the id of the account or project, `target` that of what is changed.
    """
    return _build(_find_origin(access.context), subject, action, target, details)


def audit_public_write(
    action: AuditAction,
    account_id: str,
    *,
    source: str | None,
    now: datetime,
    session: str | None = None,
    target: str | None = None,
    **details: Any,
) -> Put:
    """Return the write of an entry about what a request without credential does to an account.

    `source` is its source address. A request that proves to be the account's owner, by a password
    or the link in a mail, starts the `session` with this id; without one the actor is not known.
    """
    origin = Origin(
        now=now,
        actor=account_id if session else None,
        credential=f"SESSION#{session}" if session else None,
        source=shorten_address(source),
        request_id=logger.get_correlation_id(),
    )
    return _build(origin, account_id, action, target, details)


def audit_service_write(
    action: AuditAction,
    subject: str,
    *,
    now: datetime,
    actor: str | None = None,
    target: str | None = None,
    **details: Any,
) -> Put:
    """Return the write of an entry about what a job does, in the name of `actor` if given."""
    return _build(Origin(now=now, actor=actor), subject, action, target, details)


def shorten_address(address: str | None) -> str | None:
    """Return the network of an IPv4 address with 24 bits, of an IPv6 address with 48.

    `address` may be a network. None if it is not an address.
    """
    try:
        network = ip_network(address or "", strict=False)
    except ValueError:
        return None
    return str(network.supernet(new_prefix=STORED_BITS[network.version]))


def _find_origin(context: "RequestContext") -> Origin:
    caller = context.caller
    return Origin(
        now=context.now,
        actor=caller.user_id,
        credential=caller.key.sk,
        source=shorten_address(context.source),
        request_id=context.request_id,
    )


def _build(
    origin: Origin, subject: str, action: AuditAction, target: str | None, details: dict[str, Any]
) -> Put:
    texts = {name: str(value) for name, value in details.items() if value is not None}
    return create_entry_write(origin, subject, action, target, texts)
