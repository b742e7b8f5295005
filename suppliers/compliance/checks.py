"""System checks: reject vetting settings that name an unknown criterion."""

from typing import Any

from django.conf import settings
from django.core import checks

from suppliers.models import Requirement

SETTINGS_WITH_REQUIREMENTS = ("VETTING_REQUIRED", "CERTIFICATES_FOR_LITHIUM", "CERTIFICATES_FOR_EU")


@checks.register()
def check_requirements(**_: Any) -> list[checks.CheckMessage]:
    """Return an error for each unknown criterion in the settings: it would hold all offers."""
    return [
        checks.Error(
            f"{name} contains the unknown criterion {criterion!r}.",
            hint=f"Choose from {', '.join(Requirement.values)}.",
            id="suppliers.E001",
        )
        for name in SETTINGS_WITH_REQUIREMENTS
        for criterion in getattr(settings, name)
        if criterion not in Requirement.values
    ]
