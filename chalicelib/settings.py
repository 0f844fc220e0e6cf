"""Environment -> typed constants, read once at import. The only reader of `os.environ`.

Every name a stage sets stands here; `infra/resources.yaml` gives each function its value.
"""

import os


class MissingSetting(RuntimeError):
    """A setting that has no default is absent from the environment."""

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
# In whose morning people hear of what is due: an hour of their own zone.
REMINDER_HOUR = int(_required("REMINDER_HOUR"))
# What bounces and complaints are counted by.
MAIL_CONFIGURATION_SET = _required("MAIL_CONFIGURATION_SET")
APP_URL = _required("APP_URL").rstrip("/")
# Base of the links that mail programs call. Only functions that mail are told: the stack makes the
# API after the API's own function.
API_URL = os.environ.get("API_URL", "").rstrip("/")
# The function that works on jobs; only who wakes it is told.
JOB_WORKER = os.environ.get("JOB_WORKER", "")
ALLOWED_ORIGINS = frozenset(_required("ALLOWED_ORIGINS").split(","))
UPLOAD_MAX_BYTES = int(_required("UPLOAD_MAX_BYTES"))
# A larger file comes in parts.
UPLOAD_FORM_MAX_BYTES = int(_required("UPLOAD_FORM_MAX_BYTES"))
# Patterns such as `image/*`.
UPLOAD_TYPES = tuple(_required("UPLOAD_TYPES").split(","))
TASK_MAX_FILES = int(_required("TASK_MAX_FILES"))
TASK_MAX_BYTES = int(_required("TASK_MAX_BYTES"))
PROJECT_MAX_BYTES = int(_required("PROJECT_MAX_BYTES"))
# How long a task's files outlive its being done; 0: for ever.
FILES_KEPT_DAYS = int(_required("FILES_KEPT_DAYS"))
# Of one caller over all processes, or of one address without a caller in one process.
READS_PER_MINUTE = int(_required("READS_PER_MINUTE"))
WRITES_PER_MINUTE = int(_required("WRITES_PER_MINUTE"))
# AWS wants `virtual`; an emulator on localhost has no DNS for bucket hosts and needs `path`.
S3_ADDRESSING_STYLE = os.environ.get("S3_ADDRESSING_STYLE", "virtual")
