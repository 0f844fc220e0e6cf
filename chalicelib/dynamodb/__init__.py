"""The one table: reads, transactions, keys and ids, the time index, idempotency records,
optimistic locking and the translation of outages.

The models of all packages are built on it.

Items: IdempotencyRecord, Watermark.
Imports: none.
"""
