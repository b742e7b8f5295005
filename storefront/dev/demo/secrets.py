"""Demo environment: generate secrets and a staff account once, keep them in a private file."""

import os
import secrets
from pathlib import Path

from storefront.ops.environment import fresh_secrets

STAFF_EMAIL = "staff@fara.example"


def load(path: Path) -> dict[str, str]:
    """Return the stored secrets; create and store those that are missing."""
    kept = _read(path)
    keys = fresh() | kept
    if keys != kept:
        write_private(path, "".join(f"{name}={value}\n" for name, value in keys.items()))
    return keys


def write_private(path: Path, text: str) -> None:
    """Replace a private file atomically; other users can never read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text().splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines) if value}


def fresh() -> dict[str, str]:
    """Return new secrets, and a staff account with a new password."""
    account = {"STAFF_EMAIL": STAFF_EMAIL, "STAFF_PASSWORD": secrets.token_urlsafe(12)}
    keys = {name: secrets.token_hex(16) for name in ("TWILIO_AUTH_TOKEN", "SEVENTEEN_TRACK_KEY")}
    keys["MAIL_WEBHOOK_SECRET"] = f"postmark:{secrets.token_hex(16)}"
    keys["SANDBOX_SENDCLOUD_KEYS"] = f"{secrets.token_hex(8)}:{secrets.token_hex(16)}"
    return fresh_secrets() | account | keys
