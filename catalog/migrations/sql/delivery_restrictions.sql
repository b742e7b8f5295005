-- Countries that goods are not sent to are two capital letters: another code would restrict nothing.

-- Restrictions of a category.
ALTER TABLE catalog_category
    DROP CONSTRAINT IF EXISTS category_not_sent_to_codes,
    ADD CONSTRAINT category_not_sent_to_codes CHECK (
        not_sent_to = '{}' OR array_to_string(not_sent_to, ',', '?') ~ '^[A-Z]{2}(,[A-Z]{2})*$'
    );

-- Restrictions of a product.
ALTER TABLE catalog_product
    DROP CONSTRAINT IF EXISTS product_not_sent_to_codes,
    ADD CONSTRAINT product_not_sent_to_codes CHECK (
        not_sent_to = '{}' OR array_to_string(not_sent_to, ',', '?') ~ '^[A-Z]{2}(,[A-Z]{2})*$'
    );
