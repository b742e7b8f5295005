"""System checks: reject vetting settings that name an unknown criterion."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from suppliers.models import Criterion

NAMES = ("VETTING_REQUIRED", "CERTIFICATES_FOR_LITHIUM", "CERTIFICATES_FOR_EU")


@checks.register()
def criteria_are_known(**_: Any) -> list[checks.CheckMessage]:
    """Return an error for each unknown criterion in the settings: it would hold all offers."""
    return [
        checks.Error(
            f"{name} contains the unknown criterion {criterion!r}.",
            hint=f"Choose from {', '.join(Criterion.values)}.",
            id="suppliers.E001",
        )
        for name in NAMES
        for criterion in getattr(settings, name)
        if criterion not in Criterion.values
    ]
