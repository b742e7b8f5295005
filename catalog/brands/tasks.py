"""Brand tasks: index the products of a brand whose spellings changed."""

from itertools import batched

from celery import shared_task
from django.db import transaction

from catalog.models import Channel, Product
from catalog.search import index

PRODUCTS_AT_ONCE = 500


@shared_task
def reindex_brand(brand_id: int) -> int:
    """Rebuild the cards of the products of a brand, so that a search finds its aliases."""
    ids = list(Product.objects.filter(brand=brand_id).order_by("pk").values_list("pk", flat=True))
    for channel in Channel.objects.order_by("pk"):
        for batch in batched(ids, PRODUCTS_AT_ONCE):
            with transaction.atomic():
                index.reindex(product_ids=batch, channel=channel)
    return len(ids)
