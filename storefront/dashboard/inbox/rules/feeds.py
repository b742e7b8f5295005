"""Feed rules: find failed syncs, refused rows, images not fetched, products and changes to check."""

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox.rule import NO_AMOUNT, simple_rule
from suppliers.runs import issue_labels

FEEDS = (
    simple_rule(
        "sync_quarantined",
        _("Sync quarantined: implausible changes"),
        "suppliers_syncrun",
        f"r.id, s.name || ': ' || r.kind AS name, r.started_at AS since, {NO_AMOUNT},"
        " r.problem AS detail"
        " FROM suppliers_syncrun r JOIN suppliers_supplier s ON s.id = r.supplier_id",
        "r.status = 'quarantined'",
    ),
    simple_rule(
        "sync_failed",
        _("Sync failed"),
        "suppliers_syncrun",
        f"r.id, s.name || ': ' || r.kind AS name, r.started_at AS since, {NO_AMOUNT},"
        " r.problem AS detail"
        " FROM suppliers_syncrun r JOIN suppliers_supplier s ON s.id = r.supplier_id",
        "r.status = 'failed' AND NOT EXISTS (SELECT 1 FROM suppliers_syncrun later"
        " WHERE later.supplier_id = r.supplier_id AND later.kind = r.kind AND later.id > r.id)",
    ),
    simple_rule(
        "feed_issues",
        _("Import rows rejected"),
        "suppliers_syncissue",
        f"min(i.id) AS id, i.code AS name, min(r.started_at) AS since, {NO_AMOUNT},"
        " count(*) || ' ×' AS detail"
        " FROM suppliers_syncissue i JOIN suppliers_syncrun r ON r.id = i.first_run_id",
        "i.resolved_at IS NULL AND i.severity = 'error' GROUP BY i.code",
        filters="code__exact={name}&severity__exact=error&resolved_at__isempty=1",
        format_name=issue_labels.issue_label,
    ),
)
IMAGES = (
    simple_rule(
        "images_not_downloaded",
        _("Images could not be downloaded"),
        "catalog_image",
        f"min(x.id) AS id, x.problem AS name, min(p.created_at) AS since, {NO_AMOUNT},"
        " count(*) || ' ×' AS detail"
        " FROM catalog_image x JOIN catalog_product p ON p.id = x.product_id",
        "x.stem = '' AND x.problem <> '' AND x.retry_at IS NULL GROUP BY x.problem",
        filters="stem__isempty=1&problem__isempty=0&q=",
    ),
)
# One row each: an import may bring hundreds.
PRODUCTS = (
    simple_rule(
        "products_in_review",
        _("Products in review"),
        "catalog_product",
        f"min(p.id) AS id, min(p.title) || ', …' AS name, min(p.created_at) AS since, {NO_AMOUNT},"
        " count(*) || ' ×' AS detail FROM catalog_product p",
        "p.status = 'in_review' HAVING count(*) > 0",
        filters="status__exact=in_review",
    ),
    simple_rule(
        "change_requests_open",
        _("Change requests of suppliers"),
        "catalog_changerequest",
        f"min(r.id) AS id, r.supplier_code AS name, min(r.opened_at) AS since, {NO_AMOUNT},"
        " count(*) || ' ×' AS detail FROM catalog_changerequest r",
        "r.changes <> '{}' GROUP BY r.supplier_code",
        filters="supplier_code={name}",
    ),
)
