"""Missing texts: find the products that lack a title, a description or an option in a language.

A description is missing if there is one in the base language, an option if a name or value in
``OptionText`` has no translation, an attribute if its English text has none. Plain SQL: one statement counts all.
"""

from django.db import connection, models
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from catalog.models import OptionText, Product


class Text(models.TextChoices):
    TITLE = "title", _("Title")
    DESCRIPTION = "description", _("Description")
    OPTIONS = "options", _("Options")
    ATTRIBUTES = "attributes", _("Attributes")


_UNTRANSLATED = """
    ARRAY(SELECT unnest(spellings) FROM catalog_optiontext
          WHERE kind = '{kind}' AND variant_count > 0 AND NOT texts ? %(language)s)::text[]
"""
_LACKING = {
    Text.TITLE: "SELECT id FROM catalog_product WHERE NOT titles ? %(language)s",
    Text.DESCRIPTION: """
        SELECT id FROM catalog_product product
        WHERE (summary <> '' OR description_html <> '') AND NOT EXISTS (
            SELECT FROM catalog_producttext own
            WHERE own.product_id = product.id AND own.language = %(language)s
              AND (own.summary <> '' OR own.description_html <> ''))
    """,
    Text.OPTIONS: f"""
        SELECT id FROM catalog_product WHERE option_names ?| {_UNTRANSLATED.format(kind="name")}
        UNION
        SELECT product_id FROM catalog_variant
        WHERE option_values ?| {_UNTRANSLATED.format(kind="value")}
    """,  # noqa: S608 - made of constants
    Text.ATTRIBUTES: """
        SELECT spec.product_id FROM catalog_spec spec JOIN catalog_customattribute attribute
          ON attribute.is_localized AND spec.custom_values ? attribute.code
         AND NOT spec.custom_values ? (attribute.code || ':' || %(language)s)
        GROUP BY spec.product_id
    """,
}
_COUNT = ", ".join(f"(SELECT count(*) FROM ({sql}) lacking)" for sql in _LACKING.values())  # noqa: S608


def products_lacking(text: str, language: str) -> "QuerySet[Product]":
    """Return the products that lack a text in a language."""
    sql = _LACKING[Text(text)]
    places = sql.count("%(language)s")
    ids = RawSQL(sql.replace("%(language)s", "%s"), [language] * places)  # noqa: S611 - constants
    return Product.objects.filter(pk__in=ids)


def count_missing(language: str) -> dict[str, int]:
    """Return how many products lack each text in a language."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COUNT}", {"language": language})
        counts: tuple[int, ...] = cursor.fetchone()
    return dict(zip(Text.values, counts, strict=True))


def untranslated_options(language: str) -> "QuerySet[OptionText]":
    return OptionText.objects.exclude(texts__has_key=language)
