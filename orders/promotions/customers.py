"""Customers of a promotion: map addresses of one mailbox to one name. Pure."""

from __future__ import annotations

# Where a dot in the name means nothing, as the provider documents it.
DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def customer_of(email: str) -> str:
    """Return one name for all spellings of a mailbox: without its tag, in lower case."""
    name, at, domain = email.strip().lower().rpartition("@")
    name = name.partition("+")[0] or name
    if domain in DOTLESS:
        name, domain = name.replace(".", ""), DOTLESS[domain]
    return f"{name}{at}{domain}"
