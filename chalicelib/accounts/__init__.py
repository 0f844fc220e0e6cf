"""Accounts: registration, profile, passwords, email addresses, deletion, and what site staff
manage.

A user's email address and username are unique.

Items: Credentials, User, UsernameClaim.
Imports: access, attachments, calendar_feeds, dynamodb, http, identity_providers, jobs, mail,
members, notifications, projects, sessions, tasks, views.
"""
