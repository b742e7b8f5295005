"""Make the demo's secrets once, and keep them where only their owner reads them."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

STAFF_EMAIL = "staff@fara.example"


def load(path: Path) -> dict[str, str]:
    """Return the kept secrets, and make and keep those that are still missing."""
    kept = _read(path)
    keys = fresh() | kept
    if keys != kept:
        write_private(path, "".join(f"{name}={value}\n" for name, value in keys.items()))
    return keys


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; nobody else can read it at any moment."""
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
    """Make a full set that nobody has ever seen."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "TEST_GATEWAY_SECRET": _hook_secret(),
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_urlsafe(24)}",
        "STRIPE_WEBHOOK_SECRET": _hook_secret(),
        "TRACKING_HOOK_SECRET": _hook_secret(),
        "STAFF_EMAIL": STAFF_EMAIL,
        "STAFF_PASSWORD": secrets.token_urlsafe(12),
    }


def _hook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


# Put settings over an environment, so that nothing which stands in it can beat them.


def over(environ: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with these settings in it.

    A ``NAME_FILE`` beats its ``NAME``: beside one of ours it would lead to somebody else's.
    """
    beaten = {f"{name}_FILE" for name in told}
    return {**{name: value for name, value in environ.items() if name not in beaten}, **told}


def names(environ: Mapping[str, str], name: str) -> bool:
    """Tell whether an environment says something, by itself or in a file."""
    return bool(environ.get(name) or environ.get(f"{name}_FILE"))
