"""Supplier compliance rules: find missing or expiring documents, missing contacts of brands."""

from django.utils.translation import gettext_lazy as _

from catalog.enums import EU
from storefront.dashboard.inbox.rule import NO_AMOUNT, simple_rule

_DOCUMENT = (
    f"e.id, s.name || ': ' || replace(e.criterion, '_', ' ') AS name, {{since}} AS since,"
    f" {NO_AMOUNT}, {{detail}} AS detail"
    " FROM suppliers_compliancedocument e JOIN suppliers_supplier s ON s.id = e.supplier_id"
)
# A blocked supplier needs no documents.
_NOT_BLOCKED = "s.status <> 'blocked'"
# A document may expire if a document that is valid for longer covers the same products.
_NOT_SUPERSEDED = """
NOT EXISTS (
    SELECT 1 FROM suppliers_compliancedocument later
    WHERE later.supplier_id = e.supplier_id AND later.criterion = e.criterion
      AND later.brand_id IS NOT DISTINCT FROM e.brand_id
      AND later.product_id IS NOT DISTINCT FROM e.product_id
      AND later.status = 'verified'
      AND (later.valid_until IS NULL OR later.valid_until > e.valid_until))
"""

_EU = ", ".join(f"'{code}'" for code in sorted(EU))
_SOLD_TO_EU = f"EXISTS (SELECT 1 FROM catalog_channel c WHERE c.countries ?| ARRAY[{_EU}])"  # noqa: S608

SUPPLIER_COMPLIANCE = (
    simple_rule(
        "document_to_review",
        _("Compliance document needs review"),
        "suppliers_compliancedocument",
        _DOCUMENT.format(since="e.status_since", detail="e.issuer"),
        f"e.status = 'submitted' AND {_NOT_BLOCKED}",
        reads_history=True,
    ),
    simple_rule(
        "document_expires",
        _("Compliance document expires within 30 days or has expired"),
        "suppliers_compliancedocument",
        _DOCUMENT.format(since="(e.valid_until - 30)::timestamptz", detail="e.valid_until::text"),
        f"e.status = 'verified' AND e.valid_until <= (%(now)s)::date + 30 AND {_NOT_BLOCKED}"
        f" AND {_NOT_SUPERSEDED}",
        reads_history=True,
    ),
    simple_rule(
        "offers_withheld",
        _("Offers not sold: a compliance document is missing"),
        "suppliers_supplieroffer",
        f"min(o.id) AS id, o.missing_certificates AS name, min(s.status_since) AS since, {NO_AMOUNT},"
        " s.name || ': ' || count(*) || ' ×' AS detail"
        " FROM suppliers_supplieroffer o JOIN suppliers_supplier s ON s.id = o.supplier_id",
        "o.missing_certificates <> '' AND o.status = 'active' AND s.status = 'active'"
        " GROUP BY s.id, o.missing_certificates",
        filters="missing_certificates__isempty=0",
        format_name=lambda criteria: criteria.replace("_", " "),
    ),
    simple_rule(
        "responsible_person_missing",
        _("Products not sold in the EU: the manufacturer has no EU responsible person"),
        "catalog_brand",
        f"b.id, b.name, min(p.created_at) AS since, {NO_AMOUNT},"
        " b.manufacturer_name || ', ' || b.manufacturer_country || ': ' || count(*) || ' ×' AS detail"
        " FROM catalog_brand b JOIN catalog_product p ON p.brand_id = b.id",
        f"b.lacks_responsible_person AND p.status = 'live' AND {_SOLD_TO_EU} GROUP BY b.id",
    ),
    simple_rule(
        "manufacturer_address_missing",
        _("Brands lack the manufacturer's address that EU product pages must show"),
        "catalog_brand",
        f"min(b.id) AS id, min(b.name) || ', …' AS name, min(p.created_at) AS since, {NO_AMOUNT},"
        " count(DISTINCT b.id) || ' ×' AS detail"
        " FROM catalog_brand b JOIN catalog_product p ON p.brand_id = b.id",
        f"b.manufacturer_name = '' AND p.status = 'live' AND {_SOLD_TO_EU} HAVING count(*) > 0",
        filters="manufacturer_name__isempty=1",
    ),
)
