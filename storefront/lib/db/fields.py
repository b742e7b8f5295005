"""Generated columns: define model fields that the database computes and stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage
from django.db import models


class StoredField(models.GeneratedField):
    """A generated column that is stored, so that an index can be on it.

    Django asks the server whether it can, whenever models are checked; ours can since long, and
    they are checked where no server is.
    """

    def __init__(self, **words: Any) -> None:
        super().__init__(**{**words, "db_persist": True})

    def _check_supported(self, databases: Sequence[str]) -> list[CheckMessage]:  # noqa: ARG002
        return []

    def deconstruct(self) -> Any:
        name, _path, args, words = super().deconstruct()
        return name, "django.db.models.GeneratedField", args, words
