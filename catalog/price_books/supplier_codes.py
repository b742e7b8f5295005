"""Supplier codes: refuse a code in a price rule or in selling costs that no supplier has."""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Checks that other apps add, because catalog does not import them: code -> whether it is known.
KNOWN_CHECKS: list[Callable[[str], bool]] = []


def clean(code: str) -> str:
    """Return a code of a supplier, or "" or "*", which mean all. Raises ValidationError."""
    if code in {"", "*"} or any(is_known(code) for is_known in KNOWN_CHECKS):
        return code
    message = _("No supplier has the code %(code)s. The list of suppliers shows their codes.")
    raise ValidationError(message % {"code": code})
