"""Which addresses webhooks may call: only public ones, so that nobody reaches a network from inside
(server-side request forgery).

A host name is resolved once, for each request, and the connection goes to an address that was
checked. So a name that points somewhere else a moment later (DNS rebinding) changes nothing.
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import ipaddress
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from urllib.parse import urlsplit

from msgspec import Struct

from chalicelib import settings
from chalicelib.errors import FieldError, Invalid

URL_MAX = 1000
_PRINTABLE = re.compile(r"[!-~]+")
# The last part of an IPv4 address in any form, which no domain name has: a decimal, octal or
# hexadecimal number (https://url.spec.whatwg.org/#ends-in-a-number-checker).
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# All IPv6 addresses that are assigned to hosts on the Internet (RFC 4291, section 2.4).
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Global for Python, but they lead to IPv4 addresses that may be private: 6to4 (RFC 3056), its
# relays (RFC 3068) and Teredo (RFC 4380). The last one is for documentation (RFC 9637).
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(each) for each in ("2002::/16", "192.88.99.0/24", "2001::/32", "3fff::/20")
)
# `getaddrinfo` has no timeout, so it runs in a thread that is not waited for.
_resolvers = ThreadPoolExecutor(4, "resolver")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Target(Struct, frozen=True):
    """The parts of a webhook's URL that a request needs. `path` includes the query."""

    is_https: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_https else 80) else f"{host}:{self.port}"


class Refused(Exception):
    """The host has an address that webhooks may not call, or the URL is not allowed."""


class Unresolved(Exception):
    """The name has no address, or no name server answered in time."""


def parse_url(url: str) -> Target:
    """Return the target of a webhook's URL. Raises `Refused` with the fault in words."""
    if _PRINTABLE.fullmatch(url) is None:
        raise Refused("must be a URL of printable ASCII characters without spaces")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("is not a valid URL") from None
    schemes = ("https", "http") if settings.WEBHOOK_LOOPBACK else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        raise Refused("must begin with https:// and a host name")
    if "@" in parts.netloc:
        raise Refused("must not contain a user name or password")
    if parts.fragment:
        raise Refused("must not contain a fragment (#)")
    is_https = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    usual = 443 if is_https else 80
    target = Target(is_https, parts.hostname, usual if port is None else port, path)
    _require_possible(target)
    return target


def _require_possible(target: Target) -> None:
    """Raises `Refused` when no webhook may call this host and port, whatever the name is."""
    if target.port == 0:
        raise Refused("must not have the port 0")
    address = _parse_address(target.host)
    if address is None and _NUMBER.fullmatch(target.host.removesuffix(".").rpartition(".")[2]):
        raise Refused("must have a name as host, or an address of four decimal numbers")
    if address is not None and not is_allowed(address, is_https=target.is_https):
        raise Refused("must not be an address of a private or local network")


def require_valid_url(url: str) -> None:
    """Raises `Invalid` when a webhook may not have this URL. A host name is not resolved here."""
    try:
        parse_url(url)
    except Refused as fault:
        raise Invalid(errors=(FieldError("url", str(fault)),)) from fault


def is_allowed(address: Address, *, is_https: bool) -> bool:
    """Return whether a webhook may call the address: a global unicast one.

    On the local cloud it may also be one of this machine; only those by http.
    """
    is_mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    if address.is_loopback and not is_mapped:
        return settings.WEBHOOK_LOOPBACK
    if address.version == 6 and address not in _GLOBAL_UNICAST:
        return False
    if any(address in network for network in _NOT_PUBLIC):
        return False
    is_special = address.is_multicast or address.is_reserved or address.is_unspecified
    return is_https and address.is_global and not is_special


def resolve(target: Target, seconds: float) -> list[str]:
    """Return the addresses of the host as text, in the order in which to try them.

    Raises `Refused` when one of its addresses is not allowed, and `Unresolved` when there is none
    or no answer within `seconds`.
    """
    lookup = _resolvers.submit(
        socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM
    )
    try:
        found = lookup.result(seconds)
    except (OSError, UnicodeError, FutureTimeout) as error:
        raise Unresolved() from error
    texts = [str(entry[4][0]) for entry in found]
    for text in texts:
        address = _parse_address(text)
        if address is None or not is_allowed(address, is_https=target.is_https):
            raise Refused("has an address of a private or local network")
    if not texts:
        raise Unresolved()
    return texts


def _parse_address(text: str) -> Address | None:
    """Return the IP address that `text` is; None for a name. A zone (`%eth0`) is no part of it."""
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
