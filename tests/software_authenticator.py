"""A software authenticator for passkeys, and the ceremonies through the API as a browser has them.

It signs with ES256 and sends no attestation, as browsers do when the relying party asks for none
(Web Authentication Level 3, sections 6.1 and 6.5).
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from chalice.test import HTTPResponse
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.authenticator import FACTORS, SECOND_STEP, request_ticket
from tests.support import ORIGIN, Api, Person

PASSKEYS = f"{FACTORS}/passkeys"
LOGIN_OPTIONS, STEP_UP_OPTIONS = (
    "/api/auth/login/passkey-options",
    "/api/auth/step-up/passkey-options",
)
Options = dict[str, Any]
USER_PRESENT, USER_VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40


def encode(data: bytes) -> str:
    """Return `data` in base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class SoftwareAuthenticator:
    """One passkey. `origin` is that of the page, `rp_id` what the browser tells the authenticator.

    `sign_count` is the signature counter of the next response, which then grows by `step`.
    """

    origin: str = ORIGIN
    rp_id: str = "app.example.com"
    sign_count: int = 0
    step: int = 0
    recovery_codes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.credential_id = secrets.token_bytes(32)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: Options, **attestation: Any) -> Any:
        """Return the response to the options of a registration."""
        client_data = self._build_client_data("webauthn.create", options["challenge"])
        data = self._build_data(USER_PRESENT | USER_VERIFIED | HAS_CREDENTIAL)
        size = len(self.credential_id).to_bytes(2, "big")
        data += bytes(16) + size + self.credential_id + self._build_public_key()
        attested = {"fmt": "none", "attStmt": {}, "authData": data} | attestation
        response = {
            "clientDataJSON": encode(client_data),
            "attestationObject": encode(cbor2.dumps(attested)),
            "transports": ["internal"],
            "publicKeyAlgorithm": -7,  # one of the fields that browsers add
        }
        return self._build_credential(response)

    def sign(self, options: Options) -> Any:
        """Return the response to the options of a login or a step-up."""
        client_data = self._build_client_data("webauthn.get", options["challenge"])
        data = self._build_data(USER_PRESENT)
        signed = data + sha256(client_data).digest()
        response = {
            "clientDataJSON": encode(client_data),
            "authenticatorData": encode(data),
            "signature": encode(self._key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": None,
        }
        return self._build_credential(response)

    def _build_client_data(self, kind: str, challenge: str) -> bytes:
        data = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(data).encode()

    def _build_data(self, flags: int) -> bytes:
        count = self.sign_count.to_bytes(4, "big")
        self.sign_count += self.step
        return sha256(self.rp_id.encode()).digest() + bytes([flags]) + count

    def _build_public_key(self) -> bytes:
        numbers = self._key.public_key().public_numbers()
        x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def _build_credential(self, response: dict[str, Any]) -> dict[str, Any]:
        name = encode(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
        }


def request_options(api: Api, path: str, body: Any = None) -> Options:
    """Return the options of a ceremony."""
    answer = api.post(path, body)
    assert answer.status_code == 200, answer.json_body
    options: Options = answer.json_body
    return options


def register(person: Person, name: str = "Phone", **settings: Any) -> SoftwareAuthenticator:
    """Register a passkey of the person, who has just logged in."""
    authenticator = SoftwareAuthenticator(**settings)
    response = authenticator.create(request_options(person, f"{PASSKEYS}/options"))
    answer = person.post(PASSKEYS, {"name": name, "passkey": response})
    assert answer.status_code == 201, answer.json_body
    authenticator.recovery_codes = answer.json_body["recovery_codes"] or []
    return authenticator


def start_login(
    anonymous: Api, person: Person, authenticator: SoftwareAuthenticator
) -> dict[str, Any]:
    """Take the first step of a login; return the body of the second, with a signed challenge."""
    ticket = request_ticket(anonymous, person)
    options = request_options(anonymous, LOGIN_OPTIONS, {"ticket": ticket})
    return {"ticket": ticket, "passkey": authenticator.sign(options)}


def log_in_with(
    anonymous: Api, person: Person, authenticator: SoftwareAuthenticator
) -> HTTPResponse:
    """Log in with the password and the passkey."""
    return anonymous.post(SECOND_STEP, start_login(anonymous, person, authenticator))


def decode_handle(options: Options) -> str:
    """Return the account id in the options of a registration."""
    return urlsafe_b64decode(options["user"]["id"] + "==").decode()
