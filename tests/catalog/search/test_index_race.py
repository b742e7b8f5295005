import threading
import time

import pytest
from django.db import connection, transaction

from catalog.models import Channel, Listing, ProductCard
from catalog.search import index
from tests.factories.catalog import (
    make_channel,
    make_image,
    make_listing,
    make_product,
    make_spec,
    make_variant,
)


@pytest.mark.django_db(transaction=True)
def test_a_fetched_image_never_restores_old_stock():
    channel, product = make_channel(), make_product()
    make_spec(product)
    listing = make_listing(make_variant(product), available=20)
    with transaction.atomic():
        index.reindex(product_ids=[product.pk], channel=channel)
    make_image(product, stem="arrived")

    def show_picture():
        try:
            with transaction.atomic():
                index.reindex(product_ids=[product.pk], channel=Channel.objects.get(pk=channel.pk))
        finally:
            connection.close()

    with transaction.atomic():
        Listing.objects.filter(pk=listing.pk).update(available=0)
        index.reindex(product_ids=[product.pk], channel=channel)
        thread = threading.Thread(target=show_picture)
        thread.start()
        time.sleep(0.3)  # by now it waits for us, or has read what we are about to change
    thread.join(timeout=10)

    card = ProductCard.objects.get()
    assert (card.available, card.picture) == (0, "arrived")
