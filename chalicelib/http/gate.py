"""The gate: the only way to declare a route. It denies by default.

    @route(bp, "PATCH", "/{task_id}", Action.WRITE_TASKS, body=TaskPatch, returns=Task)
    def update_task(access: TaskAccess, body: TaskPatch) -> Response: ...

A view gets checked arguments: `access` (the caller and what they may access), `body`, `query`, and
its own path parameters. With `{task_id}` in the path the caller needs access to the task; with
`{project_id}` in the path, or `project` in the body or query, to the project; with a shared view in
the path or query, to its project. Other routes need only a valid credential. `returns` and `status`
describe the success response: the OpenAPI document is generated from them, and the tests compare
responses with them. `prefetch` returns what the view will probably read, so that it is read
together with the access check (docs/decisions/0045-reads-are-sent-with-the-access-check.md).
"""

import functools
import hashlib
import hmac
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from chalice.app import Blueprint, Request, Response
from msgspec import Struct
from msgspec.structs import replace

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch
from chalicelib.access.rate_limits import RequestKind, get_caller_bucket, get_source_bucket
from chalicelib.access.service import (
    Access,
    RequestContext,
    authorize_account,
    authorize_project,
    authorize_task,
    authorize_view,
    find_moved_task,
)
from chalicelib.clock import now
from chalicelib.dynamodb.idempotency import IdempotencyKey
from chalicelib.dynamodb.ids import is_id, is_task_id
from chalicelib.errors import (
    ApiError,
    BadRequest,
    Conflict,
    NotFound,
    TooManyRequests,
    Unauthenticated,
)
from chalicelib.http import bodies, problems, rate_limits
from chalicelib.http.bodies import NoQuery
from chalicelib.http.problems import MEDIA_TYPE
from chalicelib.http.responses import Headers
from chalicelib.observability import logger
from chalicelib.sessions.credentials import Caller, parse_credential
from chalicelib.tasks.keys import resolve_task_id

KEY_MAX = 255


View = Callable[..., Response]
# Parses a body (its bytes, its content type, the declared struct) into the argument of the view.
BodyParser = Callable[[bytes, str, type[Any]], Any]
# Gets a `RequestContext`, and the body, the query and the path parameters as named arguments.
PrefetchPlan = Callable[..., Prefetch]


def route(
    bp: Blueprint,
    method: str,
    path: str,
    action: Action,
    *,
    body: type[Struct] | None = None,
    parse: BodyParser = bodies.parse_body,
    query: type[Struct] | None = None,
    prefetch: PrefetchPlan | None = None,
    returns: Any = None,
    status: int = 200,
    media: str = "application/json",
) -> Callable[[View], View]:
    """Declare the route `method` on `path` for callers who are allowed to do `action`.

    `parse` parses the body. `returns` is the type of a success's body, sent with `status` as
    `media`; a route without it responds with 204. A GET route also answers HEAD, with the response
    of the GET: the server in front of the app (API Gateway, `make run`) sends its headers,
    `Content-Length` too, and drops the body (docs/decisions/0036-head-is-answered-as-get.md).
    """

    def register(view: View) -> View:
        @functools.wraps(view)
        def handle(**path_parameters: str) -> Response:
            request = bp.current_request
            kind = rate_limits.get_request_kind(request.method)
            bucket = source_bucket = get_source_bucket(rate_limits.get_source_address(bp), kind)
            try:
                caller = None
                if action is not Action.PUBLIC:
                    caller = _parse_caller(request)
                    bucket = get_caller_bucket(caller.principal, kind)
                bucket.take(now())
                try:
                    sent = (body, parse, query, prefetch, path_parameters)
                    response = view(**_build_arguments(request, kind, caller, action, *sent))
                except NotFound as error:
                    response = _redirect_if_moved(request, kind, caller, action, error)
            except ApiError as error:
                # An invalid credential counts against the source address.
                if isinstance(error, Unauthenticated) and action is not Action.PUBLIC:
                    bucket = source_bucket
                    try:
                        bucket.take(now())
                    except TooManyRequests as too_many:
                        error = too_many
                response = _error_response(error)
            response.headers |= rate_limits.rate_limit_headers(bucket, now())
            return response

        handle.action = action  # type: ignore[attr-defined]
        handle.body, handle.query = body, query  # type: ignore[attr-defined]
        handle.requires_body = parse is not bodies.parse_optional_body  # type: ignore[attr-defined]
        handle.returns, handle.media = returns, media  # type: ignore[attr-defined]
        handle.status = 204 if returns is None else status  # type: ignore[attr-defined]
        # Empty content_types turn Chalice's own check off; it responds in another format.
        methods = [method, "HEAD"] if method == "GET" else [method]
        bp.route(path, methods=methods, content_types=[])(handle)
        return handle

    return register


def _parse_caller(request: Request) -> Caller:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential:
        raise Unauthenticated()
    return parse_credential(credential.strip())


def _build_arguments(
    request: Request,
    kind: RequestKind,
    caller: Caller | None,
    action: Action,
    body: type[Struct] | None,
    parse: BodyParser,
    query: type[Struct] | None,
    prefetch: PrefetchPlan | None,
    path: dict[str, str],
) -> dict[str, Any]:
    """Validate and authorize the request; return the arguments of the view."""
    arguments: dict[str, Any] = {}
    if body is not None:
        content_type = request.headers.get("content-type", "")
        arguments["body"] = parse(_raw_body(request), content_type, body)

    sent = request.query_params
    parameters = {} if sent is None else {name: sent.getlist(name) for name in sent}
    # A route without a query rejects every parameter.
    parsed_query = bodies.parse_query(parameters, query or NoQuery)
    if query is not None:
        arguments["query"] = parsed_query

    if caller is not None:
        context = _build_context(request, kind, caller, action)
        if prefetch is not None and all(map(_is_any_id, path.values())):
            # The view refuses invalid parameters, after the access check.
            with suppress(ApiError, ValueError):
                context = replace(context, prefetch=prefetch(context, **arguments, **path))
        arguments["access"] = _authorize(context, path, arguments)

    for name, text in path.items():
        if name not in {"task_id", "project_id"}:  # `access` has these two
            arguments[name] = _require_id(text) if name.endswith("_id") else text
    return arguments


def _build_context(
    request: Request, kind: RequestKind, caller: Caller, action: Action
) -> RequestContext:
    idempotency_key = _build_idempotency_key(request, caller)
    request_id = logger.get_correlation_id()
    source = rate_limits.find_client_address(request.context)
    return RequestContext(caller, action, now(), idempotency_key, request_id, source, kind)


def _build_idempotency_key(request: Request, caller: Caller) -> IdempotencyKey | None:
    """Return the idempotency key of a POST that has the header, else None."""
    key = request.headers.get("idempotency-key")
    if key is None or request.method != "POST":
        return None
    if not 0 < len(key) <= KEY_MAX:
        raise BadRequest(f"Idempotency-Key has 1 to {KEY_MAX} characters", code="invalid_key")
    # `request.path` is the route's pattern, so the values of its parameters are added.
    target = json.dumps([request.path, request.uri_params], sort_keys=True)
    body = hashlib.sha256(_raw_body(request)).hexdigest()
    record_id = hmac.new(key.encode(), caller.user_id.encode(), hashlib.sha256).hexdigest()
    return IdempotencyKey(record_id, f"{target} {body}")


def _authorize(context: RequestContext, path: dict[str, str], arguments: dict[str, Any]) -> Access:
    """Check the caller's access to the task or project of the request, or to their account."""
    if "task_id" in path:
        return authorize_task(context, resolve_task_id(context, path["task_id"]))
    if "project_id" in path:
        return authorize_project(context, _require_id(path["project_id"]))
    for source in ("body", "query"):
        project = getattr(arguments.get(source), "project", None)
        if isinstance(project, list) and len(project) == 1:  # the view checks several projects
            project = project[0]
        if isinstance(project, str):
            return authorize_project(context, _require_id(project))
    view_id = path.get("view_id", getattr(arguments.get("query"), "view", None))
    if view_id is not None:
        return authorize_view(context, _require_id(view_id))
    return authorize_account(context)


def _require_id(text: str) -> str:
    """Return `text`. Raises `NotFound` when it does not have the form of an id.

    The id of a shared view has the form of a task's id.
    """
    if not _is_any_id(text):
        raise NotFound()
    return text


def _is_any_id(text: str) -> bool:
    return is_id(text) or is_task_id(text)


def _raw_body(request: Request) -> bytes:
    raw = request.raw_body
    return raw.encode() if isinstance(raw, str) else raw


def _redirect_if_moved(
    request: Request, kind: RequestKind, caller: Caller | None, action: Action, error: NotFound
) -> Response:
    """Return the redirect to the id that a moved task has now.

    Raises `error` when the request names no task that was moved.
    """
    sent_id = (request.uri_params or {}).get("task_id")
    if caller is None or sent_id is None:
        raise error
    context = _build_context(request, kind, caller, action)
    try:
        task_id = find_moved_task(context, resolve_task_id(context, sent_id))
    except (NotFound, Conflict):  # the id or key names no task
        raise error from None
    if task_id is None:
        raise error
    # Replace only the id: on API Gateway the path begins with the name of the API stage.
    path = str(request.context["path"]).replace(f"/tasks/{sent_id}", f"/tasks/{task_id}", 1)
    sent = request.query_params
    values = [] if sent is None else [(name, each) for name in sent for each in sent.getlist(name)]
    query = urlencode(values)
    return Response("", {"Location": f"{path}?{query}" if query else path}, 308)


def _error_response(error: ApiError) -> Response:
    if error.status >= 500:
        logger.error("request failed", exc_info=True, code=error.stable_code)
    headers: Headers = {"Content-Type": MEDIA_TYPE, **error.headers}
    return Response(problems.build_error_problem(error), headers, error.status)
