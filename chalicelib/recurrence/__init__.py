"""Recurring tasks: rules as in RFC 5545, the dates that they give, and the next task of a series.

Completing a task that has a rule creates the next one in the same transaction. Every task of a
series has the rule, which starts at its own due date.

Items: none.
Imports: accounts, dynamodb, projects, reminders, tasks.
"""
