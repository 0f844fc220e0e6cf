"""The settings as typed constants, read from the environment once, at import.

No other module reads `os.environ`. `infra/resources.yaml` sets the values for each function.
"""

import os


class MissingSetting(RuntimeError):
    """A setting without a default is not in the environment."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the setting {name} is missing from the environment")


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise MissingSetting(name)
    return value


STAGE = _required("STAGE")
REGION = os.environ.get("AWS_REGION") or _required("AWS_DEFAULT_REGION")
TABLE_NAME = _required("TABLE_NAME")
BUCKET_NAME = _required("BUCKET_NAME")
SECRET_ID = _required("SECRET_ID")
MAIL_SENDER = _required("MAIL_SENDER")
# The hour of reminders and digests in the recipient's time zone.
REMINDER_HOUR = int(_required("REMINDER_HOUR"))
# The SES configuration set that reports bounces and complaints.
MAIL_CONFIGURATION_SET = _required("MAIL_CONFIGURATION_SET")
# Base URLs of the web client's pages and of the links that mail clients call. Only functions that
# write links have them, because the stack creates both after the API's own function.
APP_URL = os.environ.get("APP_URL", "").rstrip("/")
API_URL = os.environ.get("API_URL", "").rstrip("/")
# The name of the function that runs jobs; only the function that invokes it has the name.
JOB_WORKER = os.environ.get("JOB_WORKER", "")
# The URL of the dead-letter queue; only the API's function has it.
DEAD_LETTERS_URL = os.environ.get("DEAD_LETTERS_URL", "")
# The address of the WebSocket API, which the functions that answer or write to it have.
LIVE_URL = os.environ.get("LIVE_URL", "")
# The URL of the queue of live events; only the function that fills it has it.
LIVE_EVENTS_URL = os.environ.get("LIVE_EVENTS_URL", "")
# The URL of the queue of webhook deliveries; only functions that fill it have it.
WEBHOOK_DELIVERIES_URL = os.environ.get("WEBHOOK_DELIVERIES_URL", "")
# The keys from which webhook secrets are derived; only functions that show them or sign have it.
WEBHOOK_KEYS_ID = os.environ.get("WEBHOOK_KEYS_ID", "")
# The keys that secrets of second factors are derived from; only the API's function has it.
SECOND_FACTOR_KEYS_ID = os.environ.get("SECOND_FACTOR_KEYS_ID", "")
# The identity providers as JSON, and the secret with their client secrets; empty without any. Only
# the API's function has them (chalicelib/identity_providers/providers.py).
IDENTITY_PROVIDERS = os.environ.get("IDENTITY_PROVIDERS", "")
CLIENT_SECRETS_ID = os.environ.get("CLIENT_SECRETS_ID", "")
# Whether a webhook or an identity provider may be an http address of this machine: only on a local
# cloud.
WEBHOOK_LOOPBACK = os.environ.get("WEBHOOK_LOOPBACK", "false") == "true"
# The secret that the stack's CloudFront distribution sends; empty without a distribution.
ORIGIN_KEY_ID = os.environ.get("ORIGIN_KEY_ID", "")
# Origins of web clients at other addresses than the API's.
ALLOWED_ORIGINS = frozenset(filter(None, os.environ.get("ALLOWED_ORIGINS", "").split(",")))
UPLOAD_MAX_BYTES = int(_required("UPLOAD_MAX_BYTES"))
# A larger file is a multipart upload.
UPLOAD_FORM_MAX_BYTES = int(_required("UPLOAD_FORM_MAX_BYTES"))
# Media types, also patterns such as `image/*`.
UPLOAD_TYPES = tuple(_required("UPLOAD_TYPES").split(","))
TASK_MAX_FILES = int(_required("TASK_MAX_FILES"))
TASK_MAX_BYTES = int(_required("TASK_MAX_BYTES"))
PROJECT_MAX_BYTES = int(_required("PROJECT_MAX_BYTES"))
# Days for which files are kept after their task is done; 0 keeps them forever.
FILES_KEPT_DAYS = int(_required("FILES_KEPT_DAYS"))
# Limits of a caller in all processes, or of a source address without a caller in one process.
READS_PER_MINUTE = int(_required("READS_PER_MINUTE"))
WRITES_PER_MINUTE = int(_required("WRITES_PER_MINUTE"))
# AWS needs `virtual`. An emulator on localhost needs `path`, because it has no DNS for bucket
# hosts.
S3_ADDRESSING_STYLE = os.environ.get("S3_ADDRESSING_STYLE", "virtual")
# The OpenTelemetry collector beside the function; empty unless the stage exports telemetry.
OTLP_ENDPOINT = os.environ.get("OTLP_ENDPOINT", "")
# How requests reach DynamoDB on Lambda: `direct`, without botocore, or through `botocore`.
DYNAMODB_TRANSPORT = os.environ.get("DYNAMODB_TRANSPORT", "direct")
# A CA bundle that botocore also reads, after AWS_CA_BUNDLE.
CA_BUNDLE = os.environ.get("REQUESTS_CA_BUNDLE", "")


def get_aws_variables() -> dict[str, str]:
    """Return the variables with a value that AWS's libraries read, names in upper case."""
    variables = {name.upper(): value for name, value in os.environ.items() if value}
    return {
        name: value
        for name, value in variables.items()
        if name.startswith("AWS_") or name.endswith("_PROXY")
    }


def get_trace_id() -> str:
    """Return the id of X-Ray that Lambda sets for each request, or an empty string."""
    return os.environ.get("_X_AMZN_TRACE_ID", "")
