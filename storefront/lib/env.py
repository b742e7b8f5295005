"""Environment settings: read and parse variables, explain a missing or malformed one."""

import base64
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

KEY_BYTES = 32
SMTP_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class InvalidSettingError(RuntimeError):
    """An environment variable is missing or malformed."""


def env_str(name: str, default: str = "") -> str:
    """Read a text, or the content of the file that ``NAME_FILE`` names (Docker secrets)."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise InvalidSettingError(
                f"{name}_FILE={path} cannot be read: {error.strerror}"
            ) from error
    return os.environ.get(name, default)


def env_choice(name: str, *known: str) -> str:
    """Read one of the known values; the first is the default."""
    value = env_str(name) or known[0]
    if value not in known:
        raise InvalidSettingError(f"{name}={value!r}: write {' or '.join(known)}")
    return value


def env_bool(name: str, *, default: bool = False) -> bool:
    value = env_str(name).strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise InvalidSettingError(f"{name}={value!r}: write true or false")


def env_int(name: str, default: int) -> int:
    value = env_str(name).strip()
    if not value:
        return default
    try:
        return int(value)
    except ValueError as error:
        raise InvalidSettingError(f"{name}={value!r}: write a whole number") from error


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_keys(name: str) -> list[str]:
    """Read encryption keys: each 32 bytes in URL-safe base64, as Fernet needs them."""
    keys = env_list(name)
    for key in keys:
        try:
            size = len(base64.b64decode(key, altchars=b"-_", validate=True))
        except ValueError:
            size = 0
        if size != KEY_BYTES:
            raise InvalidSettingError(
                f"{name}: write keys of {KEY_BYTES} random bytes in URL-safe base64, with commas"
                " between them"
            )
    return keys


def env_postgres(name: str, default: str) -> dict[str, Any]:
    """Parse a PostgreSQL URL into an entry of Django's DATABASES."""
    parts = urlsplit(env_str(name, default))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise InvalidSettingError(f"{name}: write postgres://user:password@host:port/name")
    return {
        "ENGINE": "storefront.lib.db.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
    }


def env_mailer(name: str, default: str, *, backend: str) -> dict[str, Any]:
    """Parse a mail server URL into an entry of Django's MAILERS.

    ``smtps`` is TLS from the start, ``smtp+starttls`` TLS before any data, ``smtp`` none.
    """
    parts = urlsplit(env_str(name, default))
    if parts.scheme not in SMTP_PORTS:
        raise InvalidSettingError(
            f"{name}: write smtps://user:password@host:465 or smtp+starttls://user:password@host:587"
        )
    options: dict[str, Any] = {
        "host": parts.hostname or "127.0.0.1",
        "port": parts.port or SMTP_PORTS[parts.scheme],
        "timeout": 10,
    }
    if parts.username:
        options |= {"username": unquote(parts.username), "password": unquote(parts.password or "")}
    if parts.scheme == "smtps":
        options["use_ssl"] = True
    elif parts.scheme == "smtp+starttls":
        options["use_tls"] = True
    return {"BACKEND": backend, "OPTIONS": options}
