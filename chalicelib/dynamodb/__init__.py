"""The one table: reads, transactions, keys and ids, the time index, idempotency records,
optimistic locking, the translation of outages and the transport to DynamoDB.

The models of all packages are built on it.

Items: IdempotencyRecord, Watermark.
Imports: none.
"""

from importlib import import_module
from typing import Any

import botocore  # noqa: F401
from botocore.exceptions import ClientError

from chalicelib import settings
from chalicelib.deferred_imports import defer_imports


def _get_session(*args: Any, **options: Any) -> Any:
    return import_module("botocore.session").get_session(*args, **options)


# PynamoDB uses these only to create a client of botocore, and functions on Lambda need none. They
# import 300 modules, which take half of a cold start.
_BOTOCORE: dict[str, dict[str, Any]] = {
    "botocore.client": {"BaseClient": object, "ClientError": ClientError},
    "botocore.config": {},
    "botocore.credentials": {"Credentials": object},
    "botocore.endpoint": {"Endpoint": object},
    "botocore.hooks": {"HierarchicalEmitter": object},
    "botocore.model": {},
    "botocore.session": {"Session": object, "get_session": _get_session},
    "botocore.signers": {"RequestSigner": object},
}

with defer_imports(_BOTOCORE if settings.DYNAMODB_TRANSPORT == "direct" else {}):
    import pynamodb.connection  # noqa: F401
