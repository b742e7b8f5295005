"""System check: report official guarantee artwork that is missing."""

from typing import Any

from django.core import checks
from django.db import DatabaseError

from catalog.safety.guarantees import find_missing_artwork

IDS = {"notice": "catalog.I001", "label": "catalog.I002"}


@checks.register(checks.Tags.security, deploy=True)
def check_guarantee_artwork(**_: Any) -> list[checks.CheckMessage]:
    """Return an info for each missing file: it does not stop a new shop, which has no database."""
    try:
        missing = find_missing_artwork()
    except DatabaseError:
        return []
    return [
        checks.Info(
            f"The official guarantee {kind} is missing; its content is shown as text.",
            hint="Upload the file of the European Commission: Settings, Guarantee artwork.",
            id=IDS[kind],
        )
        for kind in missing
    ]
