"""Exports of a project or of the caller's own data, as JSON and CSV files.

A background job writes the files page by page.

Items: none.
Imports: access, accounts, attachments, aws, comments, dynamodb, http, jobs, labels, members,
projects, sessions, tasks.
"""
