"""Product data: fill the measured shop with products that have identifiers, specifications and images.

Each product has one variant. One product in ``DUPLICATE_EVERY`` describes the light of the product
before it once more: the same brand, part number and title, without a GTIN.
"""

from django.db import connection

DUPLICATE_EVERY = 100
BRANDS = 500
_FILL = (
    "TRUNCATE catalog_brand, catalog_product CASCADE",
    """
CREATE TEMPORARY TABLE light AS
SELECT n, light, light * 7 % {brands} AS brand, 100 + light % 3900 AS lumens,
    chr(65 + light / 2600 % 26) || chr(65 + light / 100 % 26) || light AS model
FROM (SELECT n, n - (n % {every} = 0)::int AS light FROM generate_series(1, {count}) n) numbered
""",
    """
INSERT INTO catalog_brand (id, name, key)
SELECT n, 'Maker' || n, 'maker' || n FROM generate_series(0, {brands} - 1) n
""",
    """
INSERT INTO catalog_product (id, slug, family, title, summary, description_html, option_names, status,
    overridden_fields, created_at, updated_at, brand_id, category_id)
SELECT n, 'light-' || n, 'flashlight', 'Maker' || brand || ' ' || model || ' flashlight ' || lumens
    || ' lm, USB-C', 'A light for walks.', '<p>A light for walks, work and travel.</p>', '["Color"]',
    'live', '[]', now(), now(), brand, (SELECT id FROM catalog_category WHERE slug = 'flashlights')
FROM light
""",
    """
INSERT INTO catalog_variant (id, sku, option_values, color, weight_g, packed_weight_g, lithium,
    cell_wh, cell_count, hs_code, origin_country, position, status, product_id)
SELECT n, 'FL-' || n, '["Black"]', 'black', 120, 180, 'inside', 18, 1, '85131000', 'CN', 0, 'active', n
FROM light
""",
    """
INSERT INTO catalog_spec (product_id, output_lm, intensity_cd, runtime_max_min, weight_g, length_mm,
    ip_rating, power_sources, battery_format, battery_count, battery_included, battery_chemistry,
    battery_capacity_mah, charging, features, light_colors, material, custom_values, more, sources,
    warnings)
SELECT n, lumens, 12000, 2400, 120, 130, 'IP68', '["battery"]', '21700', 1, true, 'li_ion', 5000,
    '["usb_c"]', '["clip"]', '["white"]', 'aluminum', '{{}}', '{{}}', '{{}}', '[]'
FROM light
""",
    """
INSERT INTO catalog_mode (product_id, position, name, kind, output_lm, runtime_min)
SELECT n, 0, 'High', 'constant', lumens, 240 FROM light
""",
    """
INSERT INTO catalog_image (product_id, role, source_url, stem, width_px, height_px, position, problem,
    tries)
SELECT n, 'main', 'https://pictures.example/' || n || '.jpg', 'stem-' || n, 1000, 1000, 0, '', 0
FROM light
""",
    """
INSERT INTO catalog_identifier (variant_id, scheme, value, raw, state)
SELECT n, 'gtin', lpad((40000000000000 + n)::text, 14, '0'), '', 'asserted' FROM light WHERE n = light
UNION ALL
SELECT n, 'mpn', 'maker' || brand || ':' || lower(model), model,
    CASE WHEN n = light THEN 'asserted' ELSE 'conflict' END
FROM light
""",
    """
INSERT INTO catalog_listing (variant_id, channel_id, price_amount, wholesale_currency, supplier_code,
    origins, available, ships_from, is_published, is_delisted, updated_at)
SELECT n, (SELECT min(id) FROM catalog_channel), 49, 'EUR', '', '["CN"]', 3,
    jsonb_build_object('CN', 3), true, false, now()
FROM light
""",
    """
INSERT INTO suppliers_supplieroffer (supplier_id, variant_id, supplier_sku, product_external_id, title,
    currency, min_order_units, pack_size, status, missing_certificates, seen_at)
SELECT (SELECT min(id) FROM suppliers_supplier), n, 'S-' || n, 'S-' || n, 'Light ' || n, 'EUR', 1, 1,
    'active', '', now()
FROM light
""",
    "DROP TABLE light",
)


def fill(count: int) -> None:
    """Replace all products with this many, without completeness, translated titles and history."""
    with connection.cursor() as cursor:
        # "replica" skips triggers and checks of foreign keys.
        cursor.execute("SET session_replication_role = replica")
        for statement in _FILL:
            cursor.execute(statement.format(count=count, every=DUPLICATE_EVERY, brands=BRANDS))
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
