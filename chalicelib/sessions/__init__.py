"""Sessions and API tokens: log in, refresh, access tokens (JWT), signatures, and the throttling of
attempts.

Credentials are checked on every request, so revoking one takes effect at once.

Items: ApiToken, Session, Throttle.
Imports: access, accounts, audit, aws, calendar_feeds, dynamodb, http, members, second_factors.
"""
