"""Passkeys as second factors: register and remove them, and start their ceremonies."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.access.service import Access
from chalicelib.accounts.models import User
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.table import Key
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import Delete, Put, Write
from chalicelib.errors import Conflict, require_found
from chalicelib.second_factors import ceremonies, models, recovery_codes
from chalicelib.second_factors.ceremonies import NewCredential, RelyingParty
from chalicelib.second_factors.models import Challenge, Passkey, SecondFactor
from chalicelib.second_factors.service import commit_change, report_added, report_removed
from chalicelib.sessions.models import prove_session_write

MAX_PASSKEYS = 10


class Ceremony(Struct, frozen=True):
    """A started ceremony: its challenge, the relying party, and the account's passkeys."""

    challenge: str
    party: RelyingParty
    passkeys: list[Passkey]


class Registration(Struct, frozen=True):
    """A new passkey. The first factor of an account comes with recovery codes."""

    passkey: Passkey
    recovery_codes: list[str] | None


def list_passkeys(user: User) -> list[Passkey]:
    """Return the passkeys of an account, the oldest first; without any there is no call."""
    return models.list_passkeys(user.id) if user.passkeys else []


def start_registration(access: Access, *, app_url: str) -> Ceremony:
    """Start the registration of a passkey, in place of one that was not completed.

    Raises `Conflict` when the account has as many as it can have, or when the request did not come
    through the web client's address.
    """
    passkeys = _require_room(access.user)
    return _start(_registration_key(access), app_url, passkeys, access.now)


def register_passkey(
    access: Access, *, name: str, response: dict[str, Any], transports: list[str], app_url: str
) -> Registration:
    """Add the passkey in the authenticator's `response` to a registration.

    Returns recovery codes with the first factor of the account. Raises `Invalid` when the response
    is not valid, and `Conflict` for a passkey that the account has, for one too many, and when a
    concurrent request changed the factors.
    """
    user, key = access.user, _registration_key(access)
    party = ceremonies.find_relying_party(app_url)
    passkeys = _require_room(user)
    challenge = models.find_challenge(key, access.now)
    if challenge is None:
        raise ceremonies.wrong_passkey()
    credential = ceremonies.verify_registration(response, party, challenge)
    if any(each.credential_id == credential.id for each in passkeys):
        raise Conflict("The account has this passkey already")
    passkey = _build_passkey(user.id, name, credential, transports, access.now)
    writes: list[Write] = [
        models.use_challenge_write(key, challenge),
        Put(passkey),
        models.add_factor_write(user, access.now, is_passkey=True),
        *report_added(access, kind="passkey", target=passkey.id),
    ]
    codes = None if user.second_factors else recovery_codes.create_codes(user.id)
    if codes is not None:  # the first factor, which the session has just proved
        writes.append(models.store_recovery_codes_write(user.id, codes, access.now))
        writes.append(prove_session_write(user.id, access.session_id or "", access.now))
    commit_change(*writes)
    return Registration(passkey, codes.codes if codes else None)


def remove_passkey(access: Access, passkey_id: str) -> None:
    """Remove a passkey; with the last factor the recovery codes end too.

    Raises `NotFound` when the account has no such passkey.
    """
    user = access.user
    passkey = require_found(models.get_passkey(user.id, passkey_id))
    is_last = user.second_factors == 1
    commit_change(
        models.remove_passkey_write(passkey),
        models.remove_factor_write(user, is_passkey=True),
        *([Delete(SecondFactor.key(user.id))] if is_last else []),
        *report_removed(access, kind="passkey", target=passkey.id),
    )


def start_assertion(user: User, key: Key[Challenge], *, app_url: str, now: datetime) -> Ceremony:
    """Start a proof with a passkey; its challenge is stored at `key`.

    Raises `Conflict` when the account has no passkey, or when the request did not come through the
    web client's address.
    """
    passkeys = list_passkeys(user)
    if not passkeys:
        raise Conflict("The account has no passkey")
    return _start(key, app_url, passkeys, now)


def _start(key: Key[Challenge], app_url: str, passkeys: list[Passkey], now: datetime) -> Ceremony:
    party, challenge = ceremonies.find_relying_party(app_url), ceremonies.create_challenge()
    models.store_challenge(key, challenge, now)
    return Ceremony(challenge, party, passkeys)


def _registration_key(access: Access) -> Key[Challenge]:
    return Challenge.key(access.user_id, "registration", access.session_id or "")


def _require_room(user: User) -> list[Passkey]:
    """Return the account's passkeys. Raises `Conflict` when there may be no further one."""
    passkeys = list_passkeys(user)
    if len(passkeys) >= MAX_PASSKEYS:
        raise Conflict(
            f"An account has at most {MAX_PASSKEYS} passkeys; remove one", code="too_many_passkeys"
        )
    return passkeys


def _build_passkey(
    user_id: str, name: str, credential: NewCredential, transports: list[str], now: datetime
) -> Passkey:
    key = Passkey.key(user_id, new_id(now))
    return Passkey(
        key.pk,
        key.sk,
        name=name,
        credential_id=credential.id,
        public_key=credential.public_key,
        sign_count=credential.sign_count,
        transports=set(transports) or None,
        created_at=format_timestamp(now),
    )
