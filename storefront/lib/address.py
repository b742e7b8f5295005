"""A postal address, as a shopper writes it and a carrier reads it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a parcel goes; ``country`` is ISO 3166-1 alpha-2."""

    name: str
    line1: str
    line2: str = ""
    postcode: str = ""
    city: str
    region: str = ""
    country: str
    phone: str = ""
