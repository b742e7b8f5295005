"""Title updates: write the titles of products in the other languages.

``Product.titles`` is derived: the override of staff, else the title that the template of the
family makes.
"""

from collections.abc import Collection, Mapping

from catalog.custom_attributes import registry
from catalog.models import Product, ProductFamily, ProductText
from catalog.models.texts import TRANSLATED_LANGUAGES
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
        for code, _name in TRANSLATED_LANGUAGES:
            title = overrides.get((product.pk, code), "")
            template = templates.get(product.family, {}).get(code, "")
            if not title and template:
                title = make_title(template, title_values(product, code, definitions))
            if title:
                titles[code] = title
        if titles != product.titles:
            product.titles = titles
            changed[product] = ["titles"]
    bulk.update(Product, changed)
    return {product.pk for product in changed}


def _overrides(product_ids: Collection[int]) -> Mapping[tuple[int, str], str]:
    rows = ProductText.objects.filter(product__in=product_ids).exclude(title="")
    return {
        (pk, code): title for pk, code, title in rows.values_list("product", "language", "title")
    }
