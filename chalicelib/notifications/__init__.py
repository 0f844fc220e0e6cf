"""The inbox: notifications, the unread count, the daily digest and quiet hours.

The mail dispatcher puts a notification into the inbox before it sends the mail.

Items: DailyDigest, DigestEntry, Notification, UnreadMark.
Imports: access, accounts, comments, copies, dynamodb, http, jobs, mail, members, projects,
reminders, tasks.
"""
