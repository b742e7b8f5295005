"""Quick action: define what one click may do to a row, wake the worker that continues it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.functional import Promise
from kombu.exceptions import OperationalError

from storefront.lib.staff.admin import Wakeable


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing to do. ``do`` gets the row, what of it is meant, who, and when."""

    code: str
    words: str | Promise
    done: str | Promise
    model: type[models.Model]
    do: Callable[[Any, str, str, datetime], object]


def wake(task: Wakeable, **known: Any) -> None:
    """Have a worker go on with what is written down; without one a sweep finds it."""
    try:
        task.delay(**known)
    except OperationalError:
        return
