"""Anonymization: remove a person's name and address from JSON values, keep the rest. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

# Address fields that identify a person; country and region stay for tax.
OF_A_PERSON = ("name", "line1", "line2", "postcode", "city", "phone")
SHORTEST = 4  # shorter words also occur in unrelated texts


def words_of(address: dict[str, Any]) -> set[str]:
    """Return the words of an address that would identify its person in other texts."""
    found = {str(address.get(part) or "").strip() for part in ("name", "line1", "line2", "phone")}
    return {word for word in found if len(word) >= SHORTEST}


def without_person(address: dict[str, Any]) -> dict[str, Any]:
    return {part: "" if part in OF_A_PERSON else value for part, value in address.items()}


def scrub(value: Any, words: Collection[str]) -> Any:
    """Return a JSON value with addresses blanked, and each text that contains one of the words."""
    if isinstance(value, dict):
        if {"line1", "country"} <= value.keys():
            return without_person(value)
        return {key: scrub(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [scrub(each, words) for each in value]
    if isinstance(value, str) and any(word.casefold() in value.casefold() for word in words):
        return ""
    return value
