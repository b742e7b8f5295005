"""Quick action: define what one click may do to a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickAction:
    """A quick action. ``do`` gets the row, the part of it that is meant, the user, and the time."""

    code: str
    words: str | Promise
    done: str | Promise
    model: type[models.Model]
    do: Callable[[Any, str, str, datetime], object]
