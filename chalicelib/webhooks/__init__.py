"""Webhooks: signed HTTP requests that tell other systems of a project's events, with retries and a
log of deliveries.

Items: Delivery, PendingDelivery, Webhook, WebhookCount.
Imports: access, accounts, audit, aws, dynamodb, http, jobs, live, mail, members, projects.
"""
