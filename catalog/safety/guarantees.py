"""Guarantees: record one with its evidence and terms, withdraw it, find missing artwork.

Files are kept after a change or withdrawal: orders refer to the terms, and the evidence proves
what was shown until then.
"""

from datetime import datetime

from catalog.listings.publication import lock_with_variants, republish_products
from catalog.models import ProductGuarantee
from catalog.models.guarantees import GuaranteeKind
from catalog.safety import documents
from storefront.identity.current import guarantee_artwork
from storefront.lib.db.transactions import requires_transaction


@requires_transaction
def record_guarantee(
    guarantee: ProductGuarantee,
    *,
    evidence: bytes | None = None,
    terms: bytes | None = None,
    actor: str,
    now: datetime,
) -> None:
    """Save a guarantee, which customers then see; new files replace its files.

    A stored guarantee keeps the product of its row, because a merge may have moved it since it was read.

    Locks:  as ``lock_with_variants``: its product and its former one
    Raises: documents.InvalidDocumentError; IntegrityError: it lacks evidence or terms;
            ProductGuarantee.NotUpdated: it was withdrawn since it was read
    """
    guarantee.confirmed_by = actor
    if evidence:
        file = documents.store(evidence)
        guarantee.evidence_file, guarantee.evidence_sha256 = file.name, file.sha256
    if terms:
        file = documents.store(terms)
        guarantee.terms_file, guarantee.terms_sha256 = file.name, file.sha256
    products = _lock_products_of(guarantee)
    if stored := ProductGuarantee.objects.filter(pk=guarantee.pk).first():
        guarantee.product_id = stored.product_id
    # Without force, Django would insert one again that was withdrawn since it was read.
    guarantee.save(force_update=guarantee.pk is not None)
    republish_products(products, now=now)


@requires_transaction
def withdraw_guarantee(guarantee: ProductGuarantee, *, now: datetime) -> None:
    """Delete a guarantee: its product shows none from now on. Locks as ``record_guarantee``."""
    products = _lock_products_of(guarantee)
    guarantee.delete()
    republish_products(products, now=now)


@requires_transaction
def _lock_products_of(guarantee: ProductGuarantee) -> list[int]:
    """Lock and return the products of the object and of its row: a merge may have moved the row."""
    stored = ProductGuarantee.objects.filter(pk=guarantee.pk).values_list("product", flat=True)
    products = sorted({guarantee.product_id, *stored})
    lock_with_variants(products)
    return products


def find_missing_artwork() -> list[str]:
    """Return which official files are due and not uploaded in English: notice, label."""
    missing = [kind for kind in ("notice", "label") if not guarantee_artwork(kind, "en")]
    producers = ProductGuarantee.objects.filter(kind=GuaranteeKind.PRODUCER)
    if "label" in missing and not producers.exists():
        missing.remove("label")
    return missing
