"""Give products their addresses and variants their SKUs: once, and for good."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from django.utils.text import slugify

from catalog.models import Product
from storefront.lib.text import fold

# No vowels and no look-alikes: nothing to misread, no words by accident.
_LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"
MAX_SLUG = 100


def sku(*, prefix: str, source: str, supplier_sku: str) -> str:
    """Make our SKU from the supplier's, the same one each time: ``HL-7K3Q-X2M9-PB4T``."""
    number = int.from_bytes(hashlib.blake2b(f"{source}:{supplier_sku}".encode()).digest()[:16])
    letters = ""
    for _ in range(12):
        number, place = divmod(number, len(_LETTERS))
        letters += _LETTERS[place]
    return f"{prefix}-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def slugs(titles: Mapping[str, str], *, source: str) -> dict[str, str]:
    """Choose a free address for each new product; a taken one gets a stable tail.

    Shape:  ``titles`` maps the supplier's references to titles
    """
    plain = {ref: slugify(fold(title))[:MAX_SLUG].strip("-") for ref, title in titles.items()}
    tailed = {ref: f"{slug}-{_tail(source, ref)}".strip("-") for ref, slug in plain.items()}
    taken = set(
        Product.objects.filter(slug__in=[*plain.values(), *tailed.values()]).values_list(
            "slug", flat=True
        )
    )
    chosen = {}
    for ref, slug in plain.items():
        free = slug if slug and slug not in taken else tailed[ref]
        taken.add(free)
        chosen[ref] = free
    return chosen


def _tail(source: str, ref: str) -> str:
    return hashlib.blake2b(f"{source}:{ref}".encode(), digest_size=5).hexdigest()
