"""Catalog size: grow the measured shop by copying a supplier's products, shrink it again."""

from django.db import connection

# Ids below this number are of originals, others of copies. Of a card, the product id counts.
STRIDE = 10_000_000
# Copy all original rows of a table, once for each copy number c. The id of a copy is the id of its
# original plus c * distance.
COPY = """
INSERT INTO {table} (id, {columns})
SELECT t.id + c * {distance}, {values}
FROM {table} t CROSS JOIN generate_series(1, %(copies)s::bigint) c
WHERE t.{key} < {stride}
"""
CARDS, LISTINGS = "catalog_productcard", "catalog_listing"
# The distance for cards. It keeps their ids dense, as in a real shop: the time of a list depends
# on that.
DENSE = "(SELECT max(id) FROM catalog_productcard)"
NEXT_CARD = """
SELECT setval(pg_get_serial_sequence('catalog_productcard', 'id'), max(id)) FROM catalog_productcard
"""
# Columns that must differ in a copy; all others are copied.
CHANGED = {
    "catalog_product": {"slug": "left(t.slug, 100) || '-' || c"},
    "catalog_variant": {
        "sku": "left(t.sku, 30) || '-' || c",
        "product_id": f"t.product_id + c * {STRIDE}",
    },
    "catalog_spec": {"product_id": f"t.product_id + c * {STRIDE}"},
    "catalog_mode": {"product_id": f"t.product_id + c * {STRIDE}"},
    "catalog_image": {
        "product_id": f"t.product_id + c * {STRIDE}",
        "variant_id": f"t.variant_id + c * {STRIDE}",
    },
    "catalog_listing": {"variant_id": f"t.variant_id + c * {STRIDE}"},
    "suppliers_supplieroffer": {
        "supplier_sku": "left(t.supplier_sku, 50) || '-' || c",
        "product_external_id": "left(t.product_external_id, 50) || '-' || c",
        "variant_id": f"t.variant_id + c * {STRIDE}",
    },
    "suppliers_stocklevel": {"offer_id": f"t.offer_id + c * {STRIDE}"},
    "catalog_productcard": {
        "variant_id": f"t.variant_id + c * {STRIDE}",
        "slug": "left(t.slug, 100) || '-' || c",
        "product_id": f"t.product_id + c * {STRIDE}",
    },
}


def grow(*, to: int) -> int:
    """Copy the supplier's products until the shop shows at least this many; return the number."""
    shown = count_cards()
    copies = -(-to // max(shown, 1)) - 1
    if copies < 1:
        return shown
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # a copy takes over 30 s on a busy machine
        for table, changed in CHANGED.items():
            # "replica" skips triggers and checks of foreign keys, which copies do not need. Cards
            # need their trigger: it tells processes about new cards.
            role = "origin" if table == CARDS else "replica"
            cursor.execute(f"SET session_replication_role = {role}")
            names = [name for name in _columns(table) if name != "id"]
            values = ", ".join(changed.get(name, f"t.{name}") for name in names)
            cursor.execute(
                COPY.format(
                    table=table,
                    columns=", ".join(names),
                    values=values,
                    stride=STRIDE,
                    distance=DENSE if table == CARDS else STRIDE,
                    key="product_id" if table == CARDS else "id",
                ),
                {"copies": copies},
            )
        cursor.execute(NEXT_CARD)
        tidy()
        cursor.execute("RESET statement_timeout")
    return count_cards()


def shrink(table: str, *, to: int) -> None:
    """Delete cards or listings, copies first, until this many are left."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE id NOT IN (SELECT id FROM {table} ORDER BY id LIMIT %s)",  # noqa: S608
            [to],
        )
    tidy(table)


def tidy(table: str = "") -> None:
    """Vacuum one table or all, as autovacuum does in a running shop."""
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {table}")


def count_cards() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM catalog_productcard")
        return int(cursor.fetchone()[0])


def _columns(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]
