"""The HTTP layer: the envelope around the app, the gate that declares routes, body parsing,
pagination, problem documents and rate limit headers.

It also serves the health check, the OpenAPI document and its pages.

Items: none.
Imports: access, aws, dynamodb, sessions, tasks.
"""
