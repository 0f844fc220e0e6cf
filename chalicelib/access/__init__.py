"""Authorization: the table of permissions, the access checks that every request passes, and the
rate limits per caller.

An access check reads account, credential, membership and target in one round trip. To a caller who
is not a member, a project does not exist.

Items: none.
Imports: accounts, copies, dynamodb, members, projects, sessions, tasks.
"""
