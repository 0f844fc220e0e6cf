"""Sending email with SES v1: `send_raw_email` of a stdlib message (LocalStack has no v2)."""

from collections.abc import Mapping
from email.message import EmailMessage
from typing import cast

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.email_addresses import to_deliverable

# SES's codes when the rate per second or the quota per day is exceeded.
THROTTLING_CODES = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException"})
# Emails per second of a new account.
SANDBOX_RATE = 1.0


class SendFailed(Exception):
    """SES did not accept the email, or its response was lost."""


class Throttled(SendFailed):
    """SES accepts no more email at the moment; the email itself is fine."""


def send_email(
    *,
    to: str,
    subject: str,
    text: str,
    html: str,
    pictures: Mapping[str, bytes],
    headers: Mapping[str, str],
    tags: Mapping[str, str],
) -> str:
    """Send one email with SES and return the id that SES gives it.

    `pictures` are PNG images by name; the HTML refers to them with `cid:<name>`. Raises
    `SendFailed`. There is no idempotency token: sending again may deliver the email twice.
    """
    # SES takes an internationalized domain in its ASCII form only, in the envelope and the header.
    recipient = to_deliverable(to)
    all_headers = {"From": settings.MAIL_SENDER, "To": recipient, "Subject": subject, **headers}
    message = _build_message(all_headers, text, html, pictures)
    try:
        response = clients.ses_client().send_raw_email(
            Source=settings.MAIL_SENDER,
            Destinations=[recipient],
            RawMessage={"Data": message.as_bytes()},
            ConfigurationSetName=settings.MAIL_CONFIGURATION_SET,
            Tags=[{"Name": name, "Value": value} for name, value in tags.items()],
        )
    except ClientError as error:
        throttled = error.response["Error"]["Code"] in THROTTLING_CODES
        raise (Throttled if throttled else SendFailed) from error
    except BotoCoreError as error:
        raise SendFailed from error
    return str(response["MessageId"])


def _build_message(
    headers: Mapping[str, str], text: str, html: str, pictures: Mapping[str, bytes]
) -> EmailMessage:
    """Build a message with text and HTML as alternatives, and the pictures as parts of the HTML.

    The HTML names a picture by `cid:` (RFC 2387, RFC 2392), because mail clients block URLs and
    show neither `data:` URLs nor SVG.
    """
    # Imported with the first email, because no request needs it.
    from email import policy

    # The longest line that is allowed, because folding would break the URLs in headers. SES
    # requires seven bits.
    message = EmailMessage(policy.default.clone(max_line_length=998, cte_type="7bit"))
    for name, value in headers.items():
        message[name] = value
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    html_part = cast(list[EmailMessage], message.get_payload())[1]
    for name, png in pictures.items():
        html_part.add_related(
            png, "image", "png", cid=f"<{name}>", disposition="inline", filename=f"{name}.png"
        )
    return message


def get_max_send_rate() -> float:
    """Return how many emails the account may send per second.

    Returns the rate of a new account when SES does not tell.
    """
    try:
        rate = float(clients.ses_client().get_send_quota()["MaxSendRate"])
    except (BotoCoreError, ClientError):
        return SANDBOX_RATE
    return rate if rate > 0 else SANDBOX_RATE
