-- History: record changed fields of products and their parts (``catalog.models.changes``).

-- Flattens the JSON columns of a specification: one key per custom attribute, per value that rests on
-- more than a claim of the supplier, and per unlikely value of which staff stated why it is right.
CREATE OR REPLACE FUNCTION catalog_flat_spec(line jsonb) RETURNS jsonb IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT line - '{custom_values,sources,warnings}'::text[]
        || coalesce((SELECT jsonb_object_agg('custom:' || key, value) FROM jsonb_each(line->'custom_values')), '{}')
        || coalesce((SELECT jsonb_object_agg('basis:' || key, value->'basis') FROM jsonb_each(line->'sources')
                     WHERE value->>'basis' <> 'supplier_claim'), '{}')
        || coalesce((SELECT jsonb_object_agg('reason:' || (value->>'column'), value->'reason')
                     FROM jsonb_array_elements(line->'warnings') WHERE value ? 'reason'), '{}')
$$;

-- Names the columns of a text by its language: "az:title".
CREATE OR REPLACE FUNCTION catalog_flat_text(line jsonb) RETURNS jsonb IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT jsonb_object_agg((line->>'language') || ':' || key, nullif(value, '""')) FROM jsonb_each(line - 'language')
$$;

-- Records the fields that one UPDATE changed. Arguments: the type of the record, the columns that are not recorded.
-- Rows without a recorded change are left out early: to list their keys would take most of the time.
CREATE OR REPLACE FUNCTION catalog_record_updates() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ignored text[] := TG_ARGV[1];
BEGIN
    INSERT INTO catalog_fieldchange (product_id, variant_id, record, record_id, field, old, new, at, actor, source)
    SELECT coalesce((line->>'product_id')::bigint, variant.product_id, record_id),
           CASE TG_ARGV[0] WHEN 'variant' THEN record_id ELSE (line->>'variant_id')::bigint END,
           TG_ARGV[0], record_id, field, nullif(was->field, 'null'), nullif(is_now->field, 'null'), statement_timestamp(),
           coalesce(current_setting('fara.actor', true), ''), coalesce(current_setting('fara.source', true), '')
    FROM (
        SELECT id AS record_id, to_jsonb(o) - ignored AS before_line, to_jsonb(n) AS line
        FROM before o JOIN after n USING (id)
        WHERE o IS DISTINCT FROM n
        OFFSET 0
    ) updated
    CROSS JOIN LATERAL (SELECT line - ignored AS after_line OFFSET 0) recorded
    CROSS JOIN LATERAL (
        SELECT CASE TG_ARGV[0] WHEN 'spec' THEN catalog_flat_spec(before_line)
                   WHEN 'text' THEN catalog_flat_text(before_line) ELSE before_line END AS was,
               CASE TG_ARGV[0] WHEN 'spec' THEN catalog_flat_spec(after_line)
                   WHEN 'text' THEN catalog_flat_text(after_line) ELSE after_line END AS is_now
        WHERE before_line <> after_line
        OFFSET 0
    ) flat
    CROSS JOIN LATERAL jsonb_object_keys(was || is_now) AS field
    LEFT JOIN catalog_variant variant ON variant.id = (line->>'variant_id')::bigint
    WHERE nullif(was->field, 'null') IS DISTINCT FROM nullif(is_now->field, 'null');
    RETURN NULL;
END $$;

-- Records the rows that one INSERT added to older products, or one DELETE removed. Arguments as above.
CREATE OR REPLACE FUNCTION catalog_record_rows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ignored text[] := TG_ARGV[1];
    is_new boolean := TG_OP = 'INSERT';
BEGIN
    INSERT INTO catalog_fieldchange (product_id, variant_id, record, record_id, field, old, new, at, actor, source)
    SELECT product.id,
           CASE TG_ARGV[0] WHEN 'variant' THEN (line->>'id')::bigint ELSE (line->>'variant_id')::bigint END,
           TG_ARGV[0], (line->>'id')::bigint, '',
           CASE WHEN NOT is_new THEN line - ignored END, CASE WHEN is_new THEN line - ignored END,
           statement_timestamp(),
           coalesce(current_setting('fara.actor', true), ''), coalesce(current_setting('fara.source', true), '')
    FROM (SELECT to_jsonb(changed) AS line FROM changed OFFSET 0) lines
    LEFT JOIN catalog_variant variant ON variant.id = (line->>'variant_id')::bigint
    JOIN catalog_product product ON product.id = coalesce((line->>'product_id')::bigint, variant.product_id)
    WHERE NOT is_new OR product.created_at < transaction_timestamp();
    RETURN NULL;
END $$;

-- Changed products.
CREATE OR REPLACE TRIGGER product_updates_are_recorded
AFTER UPDATE ON catalog_product REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_updates(
    'product', '{id,created_at,updated_at,overridden_fields,guarantee_months,titles}');

-- Changed specifications. ``beam_m`` follows from the candela. Of the warnings, only the reasons are recorded.
CREATE OR REPLACE TRIGGER spec_updates_are_recorded
AFTER UPDATE ON catalog_spec REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_updates('spec', '{id,product_id,beam_m,more,check_inputs}');

-- Changed variants.
CREATE OR REPLACE TRIGGER variant_updates_are_recorded
AFTER UPDATE ON catalog_variant REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_updates('variant', '{id,overridden_fields}');

-- Changed identifiers.
CREATE OR REPLACE TRIGGER identifier_updates_are_recorded
AFTER UPDATE ON catalog_identifier REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_updates('identifier', '{id}');

-- Changed modes.
CREATE OR REPLACE TRIGGER mode_updates_are_recorded
AFTER UPDATE ON catalog_mode REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_updates('mode', '{id,product_id,position}');

-- Changed images, without the state of their download.
CREATE OR REPLACE TRIGGER image_updates_are_recorded
AFTER UPDATE ON catalog_image REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_updates(
    'image', '{id,product_id,position,stem,width_px,height_px,problem,tries,retry_at}');

-- Added variants.
CREATE OR REPLACE TRIGGER variant_is_added
AFTER INSERT ON catalog_variant REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_rows('variant', '{id,product_id,overridden_fields}');

-- Added identifiers.
CREATE OR REPLACE TRIGGER identifier_is_added
AFTER INSERT ON catalog_identifier REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_rows('identifier', '{id,variant_id}');

-- Removed identifiers.
CREATE OR REPLACE TRIGGER identifier_is_removed
AFTER DELETE ON catalog_identifier REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_rows('identifier', '{id,variant_id}');

-- Added modes.
CREATE OR REPLACE TRIGGER mode_is_added
AFTER INSERT ON catalog_mode REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_rows('mode', '{id,product_id,position}');

-- Removed modes.
CREATE OR REPLACE TRIGGER mode_is_removed
AFTER DELETE ON catalog_mode REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_rows('mode', '{id,product_id,position}');

-- Added images.
CREATE OR REPLACE TRIGGER image_is_added
AFTER INSERT ON catalog_image REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_rows(
    'image', '{id,product_id,variant_id,position,problem,tries,retry_at}');

-- Removed images.
CREATE OR REPLACE TRIGGER image_is_removed
AFTER DELETE ON catalog_image REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_rows(
    'image', '{id,product_id,variant_id,position,problem,tries,retry_at}');

-- Changed texts in other languages.
CREATE OR REPLACE TRIGGER product_text_updates_are_recorded
AFTER UPDATE ON catalog_producttext REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_updates('text', '{id,product_id}');

-- Added texts in other languages.
CREATE OR REPLACE TRIGGER product_text_is_added
AFTER INSERT ON catalog_producttext REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_rows('text', '{id,product_id}');

-- Removed texts in other languages.
CREATE OR REPLACE TRIGGER product_text_is_removed
AFTER DELETE ON catalog_producttext REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_rows('text', '{id,product_id}');
