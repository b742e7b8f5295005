-- Restricted countries are codes of two capital letters: any other code would restrict nothing.

-- Restrictions of a category.
ALTER TABLE catalog_category
    DROP CONSTRAINT IF EXISTS category_restricted_countries_codes,
    ADD CONSTRAINT category_restricted_countries_codes CHECK (
        restricted_countries = '{}' OR array_to_string(restricted_countries, ',', '?') ~ '^[A-Z]{2}(,[A-Z]{2})*$'
    );

-- Restrictions of a product.
ALTER TABLE catalog_product
    DROP CONSTRAINT IF EXISTS product_restricted_countries_codes,
    ADD CONSTRAINT product_restricted_countries_codes CHECK (
        restricted_countries = '{}' OR array_to_string(restricted_countries, ',', '?') ~ '^[A-Z]{2}(,[A-Z]{2})*$'
    );
