"""Live updates: one-time tickets, WebSocket connections and their subscriptions, and the events
that the table's stream sends to them.

Items: Connection, ConnectionSlot, Holder, Subscription, Ticket.
Imports: access, accounts, activity, aws, comments, copies, dynamodb, http, labels, members,
projects, sessions, tasks.
"""
