"""The gate: the one way to declare a route. Deny by default.

    @route(bp, "PATCH", "/{task_id}", Action.WRITE_TASKS, body=TaskPatch)
    def change(access: TaskAccess, body: TaskPatch) -> Response: ...

A view gets what it asks for, checked: `access` (who was let in, to what), `body`, `query`, and its
own path parameters. `{task_id}` in the path opens a task, `{project_id}` (or a `project` in body or
query) a project; anything else just asks for a live session. `gives` and `status` say how success
looks; the API's document is made from them, and the tests hold the answers to it.
"""

import functools
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from chalice.app import Blueprint, Request, Response
from msgspec import Struct

from chalicelib.access.permissions import Action
from chalicelib.access.rate_limits import TokenBucket, get_caller_bucket, get_source_bucket
from chalicelib.access.service import (
    Access,
    RequestContext,
    authorize_account,
    authorize_project,
    authorize_task,
)
from chalicelib.clock import now
from chalicelib.dynamodb.idempotency import IdempotencyKey
from chalicelib.dynamodb.ids import is_id
from chalicelib.errors import ApiError, BadRequest, NotFound, TooManyRequests, Unauthenticated
from chalicelib.http import bodies, problems, rate_limits
from chalicelib.http.bodies import NoQuery
from chalicelib.http.problems import MEDIA_TYPE
from chalicelib.http.responses import Headers
from chalicelib.observability import logger
from chalicelib.sessions.credentials import Caller, parse_credential
from chalicelib.tasks.keys import resolve_task_id

KEY_MAX = 255

View = Callable[..., Response]


def route(
    bp: Blueprint,
    method: str,
    path: str,
    action: Action,
    *,
    body: type[Struct] | None = None,
    query: type[Struct] | None = None,
    returns: Any = None,
    status: int = 200,
    media: str = "application/json",
) -> Callable[[View], View]:
    """Declare that `method` on `path` may be called by whoever may do `action`.

    `gives` is the type of a success's body, sent with `status` as `media`; without a body it is a
    204.
    """

    def register(view: View) -> View:
        @functools.wraps(view)
        def handle(**path_parameters: str) -> Response:
            request = bp.current_request
            kind = rate_limits.get_request_kind(request.method)
            bucket = of_source = get_source_bucket(rate_limits.get_source_address(bp), kind)
            try:
                caller = None if action is Action.PUBLIC else _caller(request)
                bucket = of_source if caller is None else get_caller_bucket(caller.principal, kind)
                bucket.take(now())
                arguments = _arguments(request, caller, action, body, query, path_parameters)
                response = view(**arguments)
            except ApiError as error:
                if isinstance(error, Unauthenticated) and action is not Action.PUBLIC:
                    bucket, error = of_source, _counted(error, of_source)
                response = _refusal(error)
            response.headers |= rate_limits.rate_limit_headers(bucket, now())
            return response

        handle.action = action  # type: ignore[attr-defined]
        handle.body, handle.query = body, query  # type: ignore[attr-defined]
        handle.returns, handle.media = returns, media  # type: ignore[attr-defined]
        handle.status = 204 if returns is None else status  # type: ignore[attr-defined]
        # An empty content_types leaves the check to us: Chalice's answers in another envelope.
        bp.route(path, methods=[method], content_types=[])(handle)
        return handle

    return register


def _counted(refused: Unauthenticated, of_source: TokenBucket) -> ApiError:
    """A token that opens nothing counts among what may come from its address without one; what to
    answer."""
    try:
        of_source.take(now())
    except TooManyRequests as too_many:
        return too_many
    return refused


def _refusal(error: ApiError) -> Response:
    if error.status >= 500:
        logger.error("request failed", exc_info=True, code=error.stable_code)
    headers: Headers = {"Content-Type": MEDIA_TYPE, **error.headers}
    return Response(problems.build_error_problem(error), headers, error.status)


def _arguments(
    request: Request,
    caller: Caller | None,
    action: Action,
    body: type[Struct] | None,
    query: type[Struct] | None,
    path: dict[str, str],
) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if body is not None:
        content_type = request.headers.get("content-type", "")
        arguments["body"] = bodies.parse_body(_raw(request), content_type, body)
    asked = bodies.parse_query(_parameters(request), query or NoQuery)
    if query is not None:
        arguments["query"] = asked
    if caller is not None:
        idempotency_key, request_id = _idempotency_key(request, caller), logger.get_correlation_id()
        kind = rate_limits.get_request_kind(request.method)
        context = RequestContext(caller, action, now(), idempotency_key, request_id, kind)
        arguments["access"] = _enter(context, path, arguments)
    return arguments | _own(path)


def _caller(request: Request) -> Caller:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential:
        raise Unauthenticated()
    return parse_credential(credential.strip())


def _parameters(request: Request) -> dict[str, list[str]]:
    given = request.query_params
    return {} if given is None else {name: given.getlist(name) for name in given}


def _enter(context: RequestContext, path: dict[str, str], arguments: dict[str, Any]) -> Access:
    if "task_id" in path:
        return authorize_task(context, resolve_task_id(context, path["task_id"]))
    project_id = path.get("project_id") or _project_in(arguments)
    if project_id is not None:
        return authorize_project(context, _known(project_id, is_id))
    return authorize_account(context)


def _project_in(arguments: dict[str, Any]) -> str | None:
    """The one project that a body or a query names."""
    named = (getattr(arguments.get(part), "project", None) for part in ("body", "query"))
    one = (project for project in named if isinstance(project, str) and "," not in project)
    return next(one, None)


def _known(text: str, has_form: Callable[[str], bool]) -> str:
    """`text`, if it has the form of an id; whatever has not names nothing."""
    if not has_form(text):
        raise NotFound()
    return text


def _idempotency_key(request: Request, caller: Caller) -> IdempotencyKey | None:
    """What makes this request repeatable, if the client asks for that on a POST."""
    key = request.headers.get("idempotency-key")
    if key is None or request.method != "POST":
        return None
    if not 0 < len(key) <= KEY_MAX:
        raise BadRequest(f"Idempotency-Key has 1 to {KEY_MAX} characters", code="invalid_key")
    # Chalice's path is the route's, with the names of the parameters in place of their values.
    what = json.dumps([request.path, request.uri_params], sort_keys=True)
    body = hashlib.sha256(_raw(request)).hexdigest()
    receipt = hmac.new(key.encode(), caller.user_id.encode(), hashlib.sha256).hexdigest()
    return IdempotencyKey(receipt, f"{what} {body}")


def _raw(request: Request) -> bytes:
    raw = request.raw_body
    return raw.encode() if isinstance(raw, str) else raw


def _own(path: dict[str, str]) -> dict[str, str]:
    """The path parameters that the gate leaves to the view. Raises `NotFound` for what should be an
    id and has not the form of one."""
    left = {name: text for name, text in path.items() if name not in {"task_id", "project_id"}}
    return {
        name: _known(text, is_id) if name.endswith("_id") else text for name, text in left.items()
    }
