"""Sign in with OpenID Connect: identity providers, their ID tokens, and the identities that are
linked to accounts.

Items: Authorization, Identity, IdentityClaim.
Imports: access, accounts, audit, aws, dynamodb, http, mail, sessions.
"""
