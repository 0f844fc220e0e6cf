"""Exports of a project or of the caller's own data, as JSON, CSV and a workbook.

A background job writes the files page by page.

Items: none.
Imports: access, accounts, attachments, audit, aws, calendar_feeds, comments, copies, dynamodb,
http, identity_providers, jobs, labels, live, mail, members, notifications, projects, relations,
reminders, reports, second_factors, sessions, task_lists, tasks, views, webhooks.
"""
