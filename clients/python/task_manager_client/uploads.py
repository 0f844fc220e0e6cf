"""Files of tasks: straight to the storage, in one request or in parts."""

import io
import mimetypes
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from task_manager_client.api.attachments import (
    complete_attachment,
    create_attachment,
    create_attachment_part_urls,
)
from task_manager_client.client import AuthenticatedClient
from task_manager_client.models import (
    Attachment,
    FormUpload,
    MultipartUpload,
    NewAttachment,
    PartNumbers,
    PartUrl,
    PartUrlPage,
    UploadForm,
)
from task_manager_client.problems import expect, read_problem
from task_manager_client.retries import RetryTransport

# Gets the number of bytes that have been sent so far. It falls when a request is repeated.
Progress = Callable[[int], None]
_URLS_AT_ONCE = 10
_STORAGE_TIMEOUT = 300.0  # seconds


def upload_file(
    client: AuthenticatedClient,
    task_id: str,
    path: Path,
    *,
    content_type: str | None = None,
    on_progress: Progress = lambda sent: None,
) -> Attachment:
    """Attach the file to the task and return the attachment, which is ready.

    The media type is guessed from the file's name unless it is given. Raises ApiError and OSError.
    """
    kind = content_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    file = NewAttachment(path.name, kind, path.stat().st_size)
    announced = create_attachment.sync(task_id, client=client, body=file)
    with httpx.Client(transport=RetryTransport(), timeout=_STORAGE_TIMEOUT) as storage:
        if isinstance(announced, FormUpload):
            attachment = announced.attachment
            _send_form(storage, announced.upload, path, on_progress)
        else:
            in_parts = expect(MultipartUpload, announced)
            attachment = in_parts.attachment
            _send_parts(storage, client, in_parts, path, on_progress)
    completed = complete_attachment.sync(task_id, attachment.id, client=client)
    return expect(Attachment, completed)


def _send_form(storage: httpx.Client, form: UploadForm, path: Path, on_progress: Progress) -> None:
    with _CountedFile(path, on_progress) as content:
        files = {"file": (path.name, content)}
        _check(storage.post(form.url, data=form.fields.to_dict(), files=files))


def _send_parts(
    storage: httpx.Client,
    client: AuthenticatedClient,
    announced: MultipartUpload,
    path: Path,
    on_progress: Progress,
) -> None:
    layout, sent = announced.upload, 0
    with path.open("rb") as content:
        for part in _list_part_urls(client, announced.attachment, layout.part_count):
            content.seek((part.number - 1) * layout.part_size)
            _check(storage.put(part.url, content=content.read(part.size)))
            sent += part.size
            on_progress(sent)


def _list_part_urls(
    client: AuthenticatedClient, attachment: Attachment, count: int
) -> Iterator[PartUrl]:
    """Yield the URL of each part. They are valid for minutes, so they are requested in groups."""
    for first in range(1, count + 1, _URLS_AT_ONCE):
        numbers = list(range(first, min(first + _URLS_AT_ONCE, count + 1)))
        page = create_attachment_part_urls.sync(
            attachment.task, attachment.id, client=client, body=PartNumbers(numbers)
        )
        yield from expect(PartUrlPage, page).items


def _check(response: httpx.Response) -> None:
    if response.is_error:
        raise read_problem(response)


class _CountedFile(io.BufferedReader):
    """A file that reports how far it was read."""

    def __init__(self, path: Path, on_progress: Progress) -> None:
        super().__init__(io.FileIO(path))
        self._on_progress = on_progress

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self._on_progress(self.tell())
        return content
