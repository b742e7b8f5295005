"""Title refresh: save the title templates of a family, make the titles of many products again."""

from collections.abc import Mapping
from itertools import batched

from django.db import transaction

from catalog.models import Channel, Product, ProductFamily
from catalog.search import index
from catalog.texts.title_updates import update_titles
from storefront.lib.db.transactions import requires_transaction

BATCH = 500


@requires_transaction
def save_title_templates(family: ProductFamily, templates: Mapping[str, str]) -> None:
    """Save templates by language; an empty one removes it. The caller starts the refresh task.

    Locks:  the family
    """
    row = ProductFamily.objects.select_for_update(of=["self"]).get(pk=family.pk)
    changed = {**row.title_templates, **{code: text.strip() for code, text in templates.items()}}
    row.title_templates = {code: text for code, text in changed.items() if text}
    row.save(update_fields=["title_templates"])


def refresh_titles(*, family: str = "") -> int:
    """Make the titles of the products of a family, or of all; return how many changed."""
    products = Product.objects.filter(family=family) if family else Product.objects.all()
    ids = products.order_by("pk").values_list("pk", flat=True)
    count = 0
    for batch in batched(list(ids), BATCH):
        with transaction.atomic(durable=True):
            changed = update_titles(batch)
            for channel in Channel.objects.order_by("pk") if changed else ():
                index.reindex(product_ids=changed, channel=channel)
        count += len(changed)
    return count
