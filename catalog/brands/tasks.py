"""Brand tasks: make the titles and cards of the products of a brand again."""

from itertools import batched

from celery import shared_task
from django.db import transaction

from catalog.models import Channel, Product
from catalog.search import index
from catalog.texts.title_updates import update_titles

PRODUCTS_AT_ONCE = 500


@shared_task
def reindex_brand(brand_id: int) -> int:
    """Rebuild titles and cards of a brand whose spellings changed: a search finds its aliases."""
    ids = list(Product.objects.filter(brand=brand_id).order_by("pk").values_list("pk", flat=True))
    channels = list(Channel.objects.order_by("pk"))
    for batch in batched(ids, PRODUCTS_AT_ONCE):
        with transaction.atomic():
            update_titles(batch)
            for channel in channels:
                index.reindex(product_ids=batch, channel=channel)
    return len(ids)
