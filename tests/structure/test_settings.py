"""Required settings."""

import os
import subprocess
import sys

import pytest

REQUIRED = [
    "STAGE",
    "TABLE_NAME",
    "BUCKET_NAME",
    "SECRET_ID",
    "MAIL_SENDER",
    "MAIL_CONFIGURATION_SET",
    "REMINDER_HOUR",
    "UPLOAD_MAX_BYTES",
    "UPLOAD_FORM_MAX_BYTES",
    "UPLOAD_TYPES",
    "TASK_MAX_FILES",
    "TASK_MAX_BYTES",
    "PROJECT_MAX_BYTES",
    "FILES_KEPT_DAYS",
    "READS_PER_MINUTE",
    "WRITES_PER_MINUTE",
]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_setting_stops_the_start_with_its_name(name: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != name}
    completed = subprocess.run(
        [sys.executable, "-c", "import app"], env=environment, capture_output=True, text=True
    )
    assert completed.returncode != 0
    assert f"the setting {name} is missing" in completed.stderr
