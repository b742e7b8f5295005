"""Process environment: create fresh secrets, override settings for a child process."""

import base64
import secrets
from collections.abc import Mapping


def fresh_secrets() -> dict[str, str]:
    """Return a full set of new random secrets."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_urlsafe(24)}",
        "STRIPE_WEBHOOK_SECRET": _webhook_secret(),
    }


def _webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def override(environ: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with settings, without their ``NAME_FILE`` variants."""
    files = {f"{name}_FILE" for name in settings}
    return {**{name: value for name, value in environ.items() if name not in files}, **settings}


def is_set(environ: Mapping[str, str], name: str) -> bool:
    """Return whether an environment sets a name, directly or by a file."""
    return bool(environ.get(name) or environ.get(f"{name}_FILE"))
