"""Clients for the other AWS services: S3, SES, SQS, Secrets Manager and Lambda.

They are created on first use and translate outages into `Unavailable`.

Items: none.
Imports: dynamodb.
"""
