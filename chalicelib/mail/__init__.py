"""Email: the outbox, delivery through SES, templates, bounces, unsubscribing and the sending rate.

A mail is queued in the transaction of its cause and delivered from the stream or by the sweep.

Items: OutboxMail, SendRate, Suppression.
Imports: access, accounts, aws, comments, dynamodb, http, identity_providers, jobs, members,
notifications, reminders, reports, second_factors, sessions, tasks, webhooks.
"""
