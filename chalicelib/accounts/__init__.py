"""Accounts: registration, profile, passwords, email addresses, deletion, and what site staff
manage.

A user's email address and username are unique.

Items: Credentials, User, UsernameClaim.
Imports: access, attachments, audit, dynamodb, http, identity_providers, jobs, live, mail, members,
notifications, projects, second_factors, sessions, tasks.
"""
