"""Backup manifest: describe what a backup holds and needs, check it before a restore.

Keys are named, never copied. A value that only they can open shows whether they are the same.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.core import signing
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from storefront.ops import environment

FORMAT = 1
NAME = "manifest.json"
DUMP = "database.dump"
FILES = "files"  # the folder of the files, by the name of their setting
KEYS = (
    *("SECRET_KEY", "FIELD_KEYS", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
    *("TWILIO_AUTH_TOKEN", "MAIL_WEBHOOK_SECRET", "SEVENTEEN_TRACK_KEY"),
)
_SEALED = "backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds: ``counts`` of rows by table, size and SHA-256 of each member."""

    format: int
    created_at: datetime
    postgresql: int
    schema: str
    migrations: list[str]
    counts: Mapping[str, int]
    members: Mapping[str, tuple[int, str]]
    keys: list[str]
    sealed_fields: list[str]  # one by each key of FIELD_KEYS
    signed: str  # by SECRET_KEY

    @classmethod
    def describe(
        cls,
        *,
        counts: Mapping[str, int],
        members: Mapping[str, tuple[int, str]],
        now: datetime,
    ) -> Self:
        """Return the manifest of a backup that this process makes."""
        connection.ensure_connection()
        return cls(
            format=FORMAT,
            created_at=now,
            postgresql=connection.connection.info.server_version // 10_000,
            schema=schema_digest(),
            migrations=sorted(map(".".join, MigrationLoader(connection).applied_migrations or ())),
            counts=counts,
            members=members,
            keys=[name for name in KEYS if environment.is_set(os.environ, name)],
            sealed_fields=[
                Fernet(key).encrypt(_SEALED.encode()).decode() for key in settings.FIELD_KEYS
            ],
            signed=signing.dumps(_SEALED, salt=_SEALED),
        )

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read a manifest. Raises ValueError if it is none of this format."""
        values: dict[str, Any] = json.loads(content)
        if values.get("format") != FORMAT:
            raise ValueError(f"unknown format: {values.get('format')}")
        values["created_at"] = datetime.fromisoformat(values["created_at"])
        values["members"] = {name: tuple(known) for name, known in values["members"].items()}
        return cls(**values)

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), default=datetime.isoformat, indent=1).encode()

    def faults(self) -> Iterator[str]:
        """Yield each reason why this process cannot use the backup, with what to do."""
        known = {".".join(key) for key in MigrationLoader(None).disk_migrations}
        if self.schema != schema_digest() or known != set(self.migrations):
            yield (
                "The backup was made by another version of the code: the tables differ. Restore it"
                " with the code that made it, then update."
            )
        connection.ensure_connection()
        server = connection.connection.info.server_version // 10_000
        if server < self.postgresql:
            yield f"PostgreSQL {server} is older than that of the backup, {self.postgresql}."
        for name in self.keys:
            if not environment.is_set(os.environ, name):
                yield f"{name} is not set. Set the value that the shop had when it was backed up."
        cipher = MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])
        if not all(_opens(cipher, sealed) for sealed in self.sealed_fields):
            yield (
                "FIELD_KEYS lacks a key of the backup: the keys of suppliers could not be read. Add"
                " it."
            )
        try:
            signing.loads(self.signed, salt=_SEALED)
        except signing.BadSignature:
            yield (
                "SECRET_KEY is another one than that of the backup. Set that one, or add it to"
                " SECRET_KEY_FALLBACKS."
            )


def schema_digest() -> str:
    """Return a digest of all migrations of the shop: code with another one has other tables."""
    digest = hashlib.sha256()
    for path in sorted(_migration_files()):
        digest.update(path.relative_to(settings.BASE_DIR).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _migration_files() -> Iterator[Path]:
    for app in apps.get_app_configs():
        folder = Path(app.path, "migrations")
        if folder.is_relative_to(settings.BASE_DIR) and "site-packages" not in folder.parts:
            yield from folder.glob("*.py")
            yield from folder.glob("sql/*.sql")


def _opens(cipher: MultiFernet, sealed: str) -> bool:
    try:
        cipher.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True
