"""Constraints: define checks and unique columns of a table, by name."""

from collections.abc import Sequence
from typing import Any

from django.db import models


def check(name: str, condition: models.Q, **options: Any) -> models.CheckConstraint:
    return models.CheckConstraint(condition=condition, name=name, **options)


def unique(name: str, fields: Sequence[str], **options: Any) -> models.UniqueConstraint:
    return models.UniqueConstraint(fields=fields, name=name, **options)
