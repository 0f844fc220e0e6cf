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
APP_URL = _required("APP_URL").rstrip("/")
# Base URL of the links that mail clients call. Only functions that send mail have it, because the
# stack creates the API after the API's own function.
API_URL = os.environ.get("API_URL", "").rstrip("/")
# The name of the function that runs jobs; only the function that invokes it has the name.
JOB_WORKER = os.environ.get("JOB_WORKER", "")
ALLOWED_ORIGINS = frozenset(_required("ALLOWED_ORIGINS").split(","))
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
