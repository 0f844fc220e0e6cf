"""Second factors: time-based codes (TOTP), recovery codes, the second step of a login, and step-up.

Items: SecondFactor.
Imports: access, accounts, audit, aws, dynamodb, http, mail, sessions.
"""
