"""Reminders of due tasks and the daily digest of overdue ones, at the recipient's local time.

Each reminder is queued in the outbox under an id of its own, so that it is sent once.

Items: OverdueDigest, OverdueTask.
Imports: access, accounts, dynamodb, http, jobs, mail, members, notifications, projects, tasks.
"""
