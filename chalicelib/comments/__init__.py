"""Comments on tasks, the watchers of a task, and mentions.

A new comment is fanned out into one email for each watcher and mentioned member.

Items: Comment, Watcher.
Imports: access, accounts, copies, dynamodb, http, mail, markdown, members, tasks.
"""
