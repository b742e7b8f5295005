"""Title updates: write the titles of products by language.

``Product.titles`` is derived: the override of staff, else the title that the template of the
family makes. In the base language the override is a stored title that staff have locked; without a
model name a supplier's title stays.
"""

from collections.abc import Collection, Mapping, Sequence

from django.conf import settings

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import Definition
from catalog.models import Product, ProductFamily, ProductText
from catalog.texts.title_templates import make_title
from catalog.texts.title_values import title_values
from storefront.lib.db import bulk
from storefront.lib.db.transactions import requires_transaction


@requires_transaction
def update_titles(product_ids: Collection[int]) -> set[int]:
    """Write the titles that changed; return the ids of their products.

    Locks:  the products, in id order
    """
    if not product_ids:
        return set()
    rows = Product.objects.filter(pk__in=product_ids).select_for_update(of=["self"], no_key=True)
    products = list(rows.select_related("brand", "spec").order_by("pk"))
    overrides = _overrides(product_ids)
    definitions = registry.load()
    templates = dict(ProductFamily.objects.values_list("code", "title_templates"))
    changed: dict[Product, list[str]] = {}
    for product in products:
        titles: dict[str, str] = {}
        for code, _name in settings.LANGUAGES:
            title = overrides.get((product.pk, code), "")
            template = templates.get(product.family, {}).get(code, "")
            if not title and template:
                title = title_by_template(product, code, template, definitions)
            if title:
                titles[code] = title
        if titles != product.titles:
            product.titles = titles
            changed[product] = ["titles"]
    bulk.update(Product, changed)
    return {product.pk for product in changed}


def title_by_template(
    product: Product, language: str, template: str, definitions: Sequence[Definition]
) -> str:
    """Return the title that a template makes; "" if the stored title is shown instead."""
    is_base = language == settings.LANGUAGE_CODE
    if is_base and "title" in product.overridden_fields:
        return ""
    values = title_values(product, language, definitions)
    return "" if is_base and not values["model"] else make_title(template, values)


def _overrides(product_ids: Collection[int]) -> Mapping[tuple[int, str], str]:
    rows = ProductText.objects.filter(product__in=product_ids).exclude(title="")
    return {
        (pk, code): title for pk, code, title in rows.values_list("product", "language", "title")
    }
