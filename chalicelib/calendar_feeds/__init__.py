"""Calendar feeds: secret addresses at which calendar programs read tasks as iCalendar.

Items: CalendarFeed.
Imports: access, audit, dynamodb, http, reminders, sessions, task_lists, tasks.
"""
