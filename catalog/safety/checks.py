"""System check: report official guarantee artwork that is missing."""

from typing import Any

from django.core import checks
from django.db import DatabaseError

from catalog.safety.guarantees import missing_artwork


@checks.register(checks.Tags.security, deploy=True)
def check_guarantee_artwork(**_: Any) -> list[checks.CheckMessage]:
    """Return an info for each missing file: it does not stop a new shop, which has no database."""
    try:
        missing = missing_artwork()
    except DatabaseError:
        return []
    return [
        checks.Info(
            f"The official guarantee {kind} is missing; its content is shown as text.",
            hint="Upload the file of the European Commission: Settings, Guarantee artwork.",
            id=f"catalog.I{number:03}",
        )
        for number, kind in enumerate(missing, start=1)
    ]
