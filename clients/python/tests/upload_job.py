"""Uploads a file to a task and prints the first progress; `tests/live/test_clients.py` runs it."""

import os
import sys
from pathlib import Path

from task_manager_client import log_in, upload_file


def main(task: str, path: str) -> None:
    sent: list[int] = []
    environment = os.environ
    with log_in(environment["API_URL"], environment["EMAIL"], environment["PASSWORD"]) as client:
        attachment = upload_file(client, task, Path(path), on_progress=sent.append)
    print(sent[0], "of", sent[-1])
    print(attachment.filename, attachment.status)


if __name__ == "__main__":
    main(*sys.argv[1:])
