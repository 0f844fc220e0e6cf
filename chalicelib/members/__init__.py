"""Members of projects, their roles, and invitations by email.

When a member leaves, a deferred update reassigns the tasks.

Items: FormerMembership, Invitation, InvitationLookup, Member, UserMembership.
Imports: access, accounts, audit, dynamodb, http, jobs, mail, projects, reports, sessions,
task_lists, tasks.
"""
