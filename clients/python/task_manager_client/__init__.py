"""A client of the Task Manager API.

`api`, `models` and `types` are generated from the OpenAPI document. `connect` and `log_in` return
the client that the functions of `api` take.
"""

from task_manager_client.connections import TaskManager, connect, log_in, resume
from task_manager_client.pages import iterate
from task_manager_client.problems import ApiError, expect
from task_manager_client.sessions import MemoryStore, SessionTokens, TokenStore
from task_manager_client.uploads import upload_file
from task_manager_client.version import __version__

__all__ = [
    "ApiError",
    "MemoryStore",
    "SessionTokens",
    "TaskManager",
    "TokenStore",
    "__version__",
    "connect",
    "expect",
    "iterate",
    "log_in",
    "resume",
    "upload_file",
]
