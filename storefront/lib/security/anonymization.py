"""Anonymization: remove a person's name and address from JSON values, keep the rest. Pure."""

from collections.abc import Collection
from typing import Any

# Address fields that identify a person; country and region stay for tax.
PERSONAL_FIELDS = ("name", "line1", "line2", "postcode", "city", "phone")
MIN_WORD_LENGTH = 4  # shorter words also occur in unrelated texts


def identifying_words(address: dict[str, Any]) -> set[str]:
    """Return the words of an address that would identify its person in other texts."""
    parts = {str(address.get(field) or "").strip() for field in ("name", "line1", "line2", "phone")}
    return {word for word in parts if len(word) >= MIN_WORD_LENGTH}


def blank_address(address: dict[str, Any]) -> dict[str, Any]:
    return {part: "" if part in PERSONAL_FIELDS else value for part, value in address.items()}


def anonymize(value: Any, texts: Collection[str]) -> Any:
    """Return a copy in which addresses, and strings that contain one of ``texts``, are blank."""
    if isinstance(value, dict):
        if {"line1", "country"} <= value.keys():
            return blank_address(value)
        return {key: anonymize(item, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [anonymize(item, texts) for item in value]
    if isinstance(value, str) and any(word.casefold() in value.casefold() for word in texts):
        return ""
    return value
