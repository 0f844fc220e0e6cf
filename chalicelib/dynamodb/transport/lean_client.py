"""A client of AWS services with JSON that needs neither botocore's session nor its models.

On Lambda, environment variables contain the region and the credentials. The client
replaces botocore's there, so that a cold start does not import botocore
(docs/decisions/0046-a-client-without-botocore-on-lambda.md). Exceptions are botocore's.
"""

import re
import time
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple
from urllib.parse import quote

import botocore
import msgspec
from botocore.exceptions import ClientError
from msgspec import Struct

from chalicelib import settings
from chalicelib.dynamodb.transport.http_session import HttpSession, parse_endpoint
from chalicelib.dynamodb.transport.responses import check_checksum, parse_error, parse_result
from chalicelib.dynamodb.transport.retries import StandardRetries
from chalicelib.dynamodb.transport.signing import RequestSigner

# With one of these, botocore finds another endpoint, other credentials or a proxy.
_SPECIAL_VARIABLES = frozenset(
    {
        "AWS_ACCOUNT_ID",
        "AWS_CONFIG_FILE",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_PROFILE",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_USE_FIPS_ENDPOINT",
        "HTTP_PROXY",
        "HTTPS_PROXY",
    }
)
# The regions of the partition `aws`, as in botocore's partitions.json. Others have other endpoints.
_REGION = re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+")
MAX_IDLE = 10
# Not quoted in the header, as by botocore.
_TRACE_CHARACTERS = "-=;:+&[]{}\"',"

_encode = msgspec.json.Encoder().encode


class Service(Struct, frozen=True):
    """A service: the part of its endpoint and signature, and the start of the header of a call."""

    name: str
    target: str
    json_version: str


DYNAMODB = Service("dynamodb", "DynamoDB_20120810", "1.0")
SECRETS_MANAGER = Service("secretsmanager", "secretsmanager", "1.1")


class FrozenCredentials(NamedTuple):
    """The names are those of botocore's frozen credentials."""

    access_key: str
    secret_key: str
    token: str | None


class Request(NamedTuple):
    url: str
    headers: dict[str, str]
    body: bytes


class LeanClient:
    """Calls the operations of a service. Threads may share it; timeouts are in seconds."""

    # PynamoDB makes a new client if this has no credentials.
    _request_signer = None

    def __init__(
        self,
        service: Service,
        region: str,
        url: str,
        credentials: FrozenCredentials,
        http_session: HttpSession,
        *,
        max_attempts: int,
    ) -> None:
        self.http_session: Any = http_session
        self._service = service
        self.url = url
        self._endpoint = parse_endpoint(url)
        self._credentials = credentials
        self._signer = RequestSigner(region, service.name)
        self._retries = StandardRetries(service.name, max_attempts)
        self._headers = {
            "Content-Type": f"application/x-amz-json-{service.json_version}",
            "User-Agent": f"Botocore/{botocore.__version__}",
        }

    def close(self) -> None:
        self.http_session.close()

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call an operation and return the response.

        Raises ClientError for an error of the service, and other exceptions of botocore when it
        can't be reached.
        """
        if operation == "TransactWriteItems" and not params.get("ClientRequestToken"):
            params = {**params, "ClientRequestToken": token_hex(16)}
        body = _encode(params)
        context: dict[str, Any] = {}
        for attempt in count(1):
            outcome = self._try_to_send(operation, body)
            if not isinstance(outcome, Exception) and outcome[0].status_code == 200:
                self._retries.return_quota(context, outcome[0])
                break
            delay = self._retries.get_delay(operation, attempt, outcome, context)
            if delay is None:
                break
            time.sleep(delay)
        if isinstance(outcome, Exception):
            raise outcome
        response, parsed = outcome
        parsed["ResponseMetadata"]["RetryAttempts"] = attempt - 1
        if response.status_code >= 300:
            raise ClientError(parsed, operation)  # type: ignore[arg-type]
        return parsed

    # PynamoDB calls this method of botocore's client.
    _make_api_call = call

    def _try_to_send(self, operation: str, body: bytes) -> tuple[Any, dict[str, Any]] | Exception:
        """Send the request once; return an exception, about which the retries decide."""
        headers = {**self._headers, "X-Amz-Target": f"{self._service.target}.{operation}"}
        if trace := settings.get_trace_id():
            headers["X-Amzn-Trace-Id"] = quote(trace, safe=_TRACE_CHARACTERS)
        try:
            self._signer.add_signature(headers, body, self._endpoint, self._credentials)
            response = self.http_session.send(Request(self.url, headers, body))
            check_checksum(response)
            is_success = response.status_code == 200
            return response, parse_result(response) if is_success else parse_error(response)
        except Exception as error:
            return error


def create_lean_client(
    service: Service,
    region: str,
    *,
    url: str | None = None,
    connect_timeout: float,
    read_timeout: float,
    max_attempts: int,
) -> LeanClient | None:
    """Return a client for a function on Lambda; None where botocore has to look further.

    Lambda sets the credentials of the function's role for the lifetime of the process. Without
    `url` the endpoint is that of AWS_ENDPOINT_URL or the service's own. Timeouts are in seconds.
    """
    variables = settings.get_aws_variables()
    key, secret = variables.get("AWS_ACCESS_KEY_ID"), variables.get("AWS_SECRET_ACCESS_KEY")
    is_usual = "AWS_LAMBDA_FUNCTION_NAME" in variables and _REGION.fullmatch(region) is not None
    if not (is_usual and key and secret and _SPECIAL_VARIABLES.isdisjoint(variables)):
        return None
    default = f"https://{service.name}.{region}.amazonaws.com"
    url = url or variables.get("AWS_ENDPOINT_URL", default)
    session = HttpSession(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        ca_bundle=variables.get("AWS_CA_BUNDLE") or settings.CA_BUNDLE or _find_ca_bundle(),
        max_idle=MAX_IDLE,
    )
    credentials = FrozenCredentials(key, secret, variables.get("AWS_SESSION_TOKEN"))
    return LeanClient(service, region, url, credentials, session, max_attempts=max_attempts)


def _find_ca_bundle() -> str:
    """Return the bundle that botocore uses: certifi's if it is installed, else its own."""
    if find_spec("certifi") is None:
        return str(Path(botocore.__path__[0], "cacert.pem"))
    return str(import_module("certifi").where())
