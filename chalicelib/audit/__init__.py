"""The audit log: who did what to accounts, members, roles, tokens, webhooks and exports.

An entry is written in the transaction of its cause, and no code changes or deletes one.

Items: AuditEntry.
Imports: access, accounts, dynamodb, http.
"""
