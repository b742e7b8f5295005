"""Generated columns: define model fields that the database computes and stores."""

from typing import Any

from django.core.checks import CheckMessage
from django.db import models


class StoredGeneratedField(models.GeneratedField):
    """A stored generated column, so that it can be indexed.

    Skips Django's check of the server version, because checks also run where no server is.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "db_persist": True})

    def check(self, **options: Any) -> list[CheckMessage]:
        return super().check(**{**options, "databases": None})

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.GeneratedField", args, options
