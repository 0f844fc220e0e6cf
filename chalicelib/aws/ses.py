"""Sending through SES v1: `send_raw_email` of a stdlib message (LocalStack has no v2)."""

from collections.abc import Mapping
from email import policy
from email.message import EmailMessage
from typing import cast

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import settings
from chalicelib.aws import clients

# The longest that a line may be: folding would part the addresses in headers. And seven bits, as
# SES asks for.
MIME_POLICY = policy.default.clone(max_line_length=998, cte_type="7bit")
# What SES says when one sends too fast, or has sent all that a day allows.
THROTTLING_CODES = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException"})
# What a new account may send in a second.
SANDBOX_RATE = 1.0


class SendFailed(Exception):
    """SES did not accept the mail, or its answer was lost."""


class Throttled(SendFailed):
    """SES takes no more at the moment; nothing is wrong with the mail."""


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
    """Hand one mail to SES and return the id that SES gave it.

    Raises `SendFailed`. There is no idempotency token: sending again may mail twice.
    """
    named = {"From": settings.MAIL_SENDER, "To": to, "Subject": subject, **headers}
    message = _build_message(named, text, html, pictures)
    try:
        answer = clients.ses_client().send_raw_email(
            Source=settings.MAIL_SENDER,
            Destinations=[to],
            RawMessage={"Data": message.as_bytes()},
            ConfigurationSetName=settings.MAIL_CONFIGURATION_SET,
            Tags=[{"Name": name, "Value": value} for name, value in tags.items()],
        )
    except ClientError as error:
        throttled = error.response["Error"]["Code"] in THROTTLING_CODES
        raise (Throttled if throttled else SendFailed) from error
    except BotoCoreError as error:
        raise SendFailed from error
    return str(answer["MessageId"])


def _build_message(
    headers: Mapping[str, str], text: str, html: str, pictures: Mapping[str, bytes]
) -> EmailMessage:
    """Text and HTML as alternatives; the pictures belong to the HTML, which names them by `cid:`
    (RFC 2387, RFC 2392). Mail clients block addresses, and show no `data:` and no SVG."""
    message = EmailMessage(MIME_POLICY)
    for name, value in headers.items():
        message[name] = value
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    page = cast(list[EmailMessage], message.get_payload())[1]
    for name, picture in pictures.items():
        page.add_related(
            picture, "image", "png", cid=f"<{name}>", disposition="inline", filename=f"{name}.png"
        )
    return message


def get_max_send_rate() -> float:
    """How many mails a second the account may send; that of a new one when SES does not say."""
    try:
        rate = float(clients.ses_client().get_send_quota()["MaxSendRate"])
    except (BotoCoreError, ClientError):
        return SANDBOX_RATE
    return rate if rate > 0 else SANDBOX_RATE
