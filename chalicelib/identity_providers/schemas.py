"""Request and response types of sign-in with identity providers, and of linked identities."""

from typing import Annotated

from msgspec import Meta, Struct

from chalicelib.http.fields import AnyPassword, Id, Time
from chalicelib.identity_providers import models, providers
from chalicelib.identity_providers.authorizations import AuthorizationResponse

ProviderId = Annotated[str, Meta(max_length=32, examples=["google"])]


class IdentityProvider(Struct):
    """An identity provider; `name` is for the button."""

    id: ProviderId
    name: str


class SignInStart(Struct, forbid_unknown_fields=True):
    provider: ProviderId


class LinkStart(Struct, forbid_unknown_fields=True):
    """The password is that of the account."""

    provider: ProviderId
    password: AnyPassword


class AuthorizationUrl(Struct):
    """The address at the provider to which the browser goes."""

    authorization_url: str


class ProviderResponse(Struct, forbid_unknown_fields=True):
    """The parameters with which the provider redirected the browser to `/sign-in/<provider>`."""

    provider: ProviderId
    state: Annotated[str, Meta(max_length=100)]
    code: Annotated[str, Meta(min_length=1, max_length=4096)]
    iss: Annotated[str, Meta(max_length=1000)] | None = None


class LinkedIdentity(Struct):
    """An identity of the account; `provider_name` is null for a provider that was removed."""

    id: Id
    provider: ProviderId
    provider_name: str | None
    email: str
    created_at: Time
    last_used_at: Time


def read_response(body: ProviderResponse, browser_secret: str) -> AuthorizationResponse:
    """Return the authorization response, with the secret of the browser's cookie."""
    return AuthorizationResponse(body.provider, body.state, body.code, body.iss, browser_secret)


def present_provider(provider: providers.Provider) -> IdentityProvider:
    """Return the response body of a provider."""
    return IdentityProvider(provider.id, provider.name)


def present_identity(identity: models.Identity) -> LinkedIdentity:
    """Return the response body of an identity."""
    names = {provider.id: provider.name for provider in providers.list_providers()}
    return LinkedIdentity(
        id=identity.id,
        provider=identity.provider,
        provider_name=names.get(identity.provider),
        email=identity.email,
        created_at=identity.created_at,
        last_used_at=identity.last_used_at,
    )
