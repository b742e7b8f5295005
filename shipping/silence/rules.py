"""Silence rules: find the rule that applies to a parcel, in SQL; explain it to staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db import connection

from catalog.enums import EU
from shipping.models import Parcel, SilenceKind, SilenceRule

# The columns of a parcel's route. Reads ``x`` (parcel), ``o`` (order), ``po`` and ``w`` (warehouse).
ROUTE = """
    x.carrier, w.country AS origin,
    coalesce(nullif(po.ship_to, '{}'::jsonb), o.ship_to) ->> 'country' AS destination
"""
SOURCE = """
    shipping_parcel x
    JOIN shipping_shipment s ON s.id = x.shipment_id
    JOIN orders_purchaseorder po ON po.id = s.purchase_order_id
    JOIN orders_order o ON o.id = po.order_id
    JOIN suppliers_stocklocation w ON w.id = po.location_id
"""
PARAMS: Mapping[str, Any] = MappingProxyType({"eu": sorted(EU), "region": SilenceRule.REGION})
_PLACE_FITS = "(r.{end} IN ('', c.{end}) OR r.{end} = %(region)s AND c.{end} = ANY(%(eu)s::text[]))"
_PLACE_RANK = "CASE r.{end} WHEN '' THEN 0 WHEN %(region)s THEN 1 ELSE 2 END DESC"


def applying(kind: str) -> str:
    """Return the SELECT of the rule of a kind for the route of a row ``c``.

    The carrier counts first, then the origin, then the destination; a country counts more than EU.
    """
    return f"""
        SELECT * FROM shipping_silencerule r
        WHERE r.kind = {kind} AND r.carrier IN ('', c.carrier)
          AND {_PLACE_FITS.format(end="origin")} AND {_PLACE_FITS.format(end="destination")}
        ORDER BY (r.carrier <> '') DESC, {_PLACE_RANK.format(end="origin")},
                 {_PLACE_RANK.format(end="destination")}
        LIMIT 1
    """  # noqa: S608 - made of constants


_APPLIED = f"""
SELECT k.kind, r.id
FROM (SELECT {ROUTE} FROM {SOURCE} WHERE x.id = %(parcel)s) c
CROSS JOIN unnest(%(kinds)s::text[]) WITH ORDINALITY AS k (kind, place)
LEFT JOIN LATERAL ({applying("k.kind")}) r ON true
ORDER BY k.place
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedRule:
    """The rule of one kind that applies to a parcel; None: such silence is not watched."""

    kind: SilenceKind
    rule: SilenceRule | None


def rules_of(parcel: Parcel) -> list[AppliedRule]:
    """Return for each kind the rule that applies to a parcel, in two statements."""
    with connection.cursor() as cursor:
        cursor.execute(_APPLIED, {**PARAMS, "parcel": parcel.pk, "kinds": SilenceKind.values})
        found = dict(cursor.fetchall())
    rules = SilenceRule.objects.in_bulk([pk for pk in found.values() if pk is not None])
    return [
        AppliedRule(kind=kind, rule=rules.get(found[kind]) if kind in found else None)
        for kind in SilenceKind
    ]
