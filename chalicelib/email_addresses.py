"""Email addresses: their canonical spelling, and the one in which mail is sent.

The domain of an address may be internationalized. IDNA (RFC 5891, with the mapping of UTS 46) gives
each domain one ASCII form, so `jo@bücher.example` and `jo@xn--bcher-kva.example` are one address.
"""

import re
from collections.abc import Iterator

from chalicelib.text import fold_name, to_nfc

ADDRESS_MAX = 254
_ACE_PREFIX = "xn--"
_LOCAL_PART = re.compile(r"[\x21-\x3f\x41-\x7e]+")
_ASCII_DOMAIN = re.compile(r"[\x21-\x2d\x2f-\x3f\x41-\x7e]+(\.[\x21-\x2d\x2f-\x3f\x41-\x7e]+)+")


def find_address_fault(text: str) -> str | None:
    """Return what is wrong with an email address, in words; None if mail can be sent to it."""
    local_part, _, domain = text.rpartition("@")
    if local_part and not local_part.isascii():
        return "must have only ASCII characters before the @; mail reaches no other addresses"
    if not _LOCAL_PART.fullmatch(local_part):
        return "must be an email address, such as ann@example.com"
    ascii_domain = _to_ascii_domain(domain)
    if ascii_domain is None or not _ASCII_DOMAIN.fullmatch(ascii_domain):
        return "must have a valid domain after the @, such as example.com"
    if len(f"{local_part}@{ascii_domain}") > ADDRESS_MAX:
        return f"must have at most {ADDRESS_MAX} characters"
    return None


def canonical_address(address: str) -> str:
    """Return the spelling by which an address is unique and looked up.

    The local part is folded, and the domain is in its ASCII form. Text that is no valid address is
    only folded.
    """
    local_part, at, domain = _split(address)
    if not at:
        return fold_name(address)
    return f"{fold_name(local_part)}@{_to_ascii_domain(domain) or fold_name(domain)}"


def earlier_spellings(address: str) -> Iterator[str]:
    """Yield the spellings under which earlier versions may have stored an address.

    They folded the domain as text, so only an internationalized domain has any.
    """
    local_part, _, domain = _split(address)
    ascii_domain = _to_ascii_domain(domain)
    if ascii_domain is None or _ACE_PREFIX not in ascii_domain:
        return
    spellings = {fold_name(address), fold_name(f"{local_part}@{_to_unicode_domain(ascii_domain)}")}
    yield from sorted(spellings - {canonical_address(address)})


def to_deliverable(address: str) -> str:
    """Return the address as SES takes it: with the domain in ASCII, and otherwise as typed."""
    local_part, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    return f"{local_part}{at}{_to_ascii_domain(domain) or domain}"


def _split(address: str) -> tuple[str, str, str]:
    # A full-width @ is an @ after folding.
    return to_nfc(address).strip().replace("\uff20", "@").rpartition("@")


def _to_ascii_domain(domain: str) -> str | None:
    """Return the domain in ASCII and lower case; None if IDNA does not allow it."""
    if domain.isascii():
        return domain.lower()
    if len(domain) > ADDRESS_MAX:  # the time that IDNA takes grows faster than the length
        return None
    # Imported here, because few requests need its tables.
    import idna

    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:  # `IDNAError` is one
        return None


def _to_unicode_domain(domain: str) -> str:
    """Return an ASCII domain with its internationalized labels in Unicode, if they are valid."""
    import idna

    try:
        return idna.decode(domain)
    except UnicodeError:  # `IDNAError` is one
        return domain
