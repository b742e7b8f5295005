"""Brand tasks: make the titles and cards of the products of a brand again."""

from itertools import batched

from celery import shared_task
from django.db import transaction

from catalog.models import Channel, Product
from catalog.search import index
from catalog.texts.title_updates import update_titles
from storefront.lib.tasks import enqueue

BATCH = 500  # products of one transaction
MAX_PER_TASK = 10_000  # products, so that no task reaches the time limit of tasks


@shared_task
def reindex_brand(brand_id: int, after: int = 0) -> int:
    """Rebuild titles and cards of a brand whose spellings changed: a search finds its aliases.

    Handles the next ``MAX_PER_TASK`` products after the product ``after``, returns how many, and
    queues the rest.
    """
    products = Product.objects.filter(brand=brand_id, pk__gt=after).order_by("pk")
    ids = list(products.values_list("pk", flat=True)[:MAX_PER_TASK])
    channels = list(Channel.objects.order_by("pk"))
    for batch in batched(ids, BATCH):
        with transaction.atomic():
            update_titles(batch)
            for channel in channels:
                index.reindex(product_ids=batch, channel=channel)
    if len(ids) == MAX_PER_TASK:
        enqueue(reindex_brand, brand_id=brand_id, after=ids[-1])
    return len(ids)
