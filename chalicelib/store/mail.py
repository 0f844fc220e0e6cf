"""Sending through SES v1: `send_raw_email` of a stdlib message (LocalStack has no v2)."""

from email.message import EmailMessage

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import settings
from chalicelib.store import aws


class SendFailed(Exception):
    """SES did not accept the mail, or its answer was lost."""


def send(*, to: str, subject: str, text: str, html: str) -> str:
    """Hand one mail to SES and return the id that SES gave it.

    Raises `SendFailed`. There is no idempotency token: sending again may mail twice.
    """
    message = EmailMessage()
    message["From"] = settings.MAIL_SENDER
    message["To"] = to
    message["Subject"] = subject
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    try:
        answer = aws.ses().send_raw_email(
            Source=settings.MAIL_SENDER,
            Destinations=[to],
            RawMessage={"Data": message.as_bytes()},
        )
    except (BotoCoreError, ClientError) as error:
        raise SendFailed from error
    return str(answer["MessageId"])
