"""Quick action: define what one click may do to a row, wake the worker that continues it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.functional import Promise
from kombu.exceptions import OperationalError

from storefront.lib.tasks import QueueableTask


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickAction:
    """A quick action. ``do`` gets the row, the part of it that is meant, the user, and the time."""

    code: str
    words: str | Promise
    done: str | Promise
    model: type[models.Model]
    do: Callable[[Any, str, str, datetime], object]


def enqueue(task: QueueableTask, **known: Any) -> None:
    """Queue a task that continues recorded work; without a broker, a sweep does it later."""
    try:
        task.delay(**known)
    except OperationalError:
        return
