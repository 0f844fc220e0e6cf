"""The simulation: people use the API in any order, under faults, while schedules run.

`machine` has all rules; each of the other modules has those of a part of the API. The model knows
which status a call must have and what it leaves behind. A fault may hit any request to DynamoDB,
and a killed process leaves whatever it had written.
"""
