"""Promotion customers: normalize the e-mail addresses of one mailbox to one address. Pure."""

# Providers that document that dots in the name have no meaning.
DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


def normalize_email(email: str) -> str:
    """Return the normalized address: lower case, without ``+tag``; Gmail names without dots."""
    name, at, domain = email.strip().lower().rpartition("@")
    name = name.partition("+")[0] or name
    if domain in DOTLESS:
        name, domain = name.replace(".", ""), DOTLESS[domain]
    return f"{name}{at}{domain}"
