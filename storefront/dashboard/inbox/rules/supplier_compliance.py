"""Supplier compliance rules: find evidence that is missing, unreviewed or about to expire."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox.rule import NO_MONEY, plain

_EVIDENCE = (
    f"e.id, s.name || ': ' || replace(e.criterion, '_', ' ') AS name, {{since}} AS since,"
    f" {NO_MONEY}, {{detail}} AS detail"
    " FROM suppliers_evidence e JOIN suppliers_supplier s ON s.id = e.supplier_id"
)
# Whom we never buy from need not prove anything.
_WANTED = "s.status <> 'blocked'"
# A proof that a longer one follows, of the same goods, may end in peace.
_NOT_FOLLOWED = """
NOT EXISTS (
    SELECT 1 FROM suppliers_evidence later
    WHERE later.supplier_id = e.supplier_id AND later.criterion = e.criterion
      AND later.brand_id IS NOT DISTINCT FROM e.brand_id
      AND later.product_id IS NOT DISTINCT FROM e.product_id
      AND later.status = 'verified'
      AND (later.valid_until IS NULL OR later.valid_until > e.valid_until))
"""

VETTING = (
    plain(
        "evidence_waits",
        _("Evidence waits for a look"),
        "suppliers_evidence",
        _EVIDENCE.format(since="e.status_since", detail="e.issuer"),
        f"e.status = 'submitted' AND {_WANTED}",
    ),
    plain(
        "evidence_ends",
        _("A proof ends within 30 days, or has ended"),
        "suppliers_evidence",
        _EVIDENCE.format(since="(e.valid_until - 30)::timestamptz", detail="e.valid_until::text"),
        f"e.status = 'verified' AND e.valid_until <= (%(now)s)::date + 30 AND {_WANTED}"
        f" AND {_NOT_FOLLOWED}",
    ),
    plain(
        "offers_withheld",
        _("Offers are off sale for want of a proof"),
        "suppliers_supplieroffer",
        f"min(o.id) AS id, o.missing_evidence AS name, min(s.status_since) AS since, {NO_MONEY},"
        " s.name || ': ' || count(*) || ' ×' AS detail"
        " FROM suppliers_supplieroffer o JOIN suppliers_supplier s ON s.id = o.supplier_id",
        "o.missing_evidence <> '' AND o.status = 'active' AND s.status = 'active'"
        " GROUP BY s.id, o.missing_evidence",
        filters="missing_evidence__isempty=0",
        named=lambda criteria: criteria.replace("_", " "),
    ),
)
