import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from catalog.models import Channel, FacetCount, Product, ProductCard
from catalog.search import facet_counts, index, product_list
from catalog.search.filters import ProductFilter
from catalog.search.tasks import count_categories
from tests.factories.catalog import (
    NOON,
    make_channel,
    make_listing,
    make_product,
    make_spec,
    make_variant,
)


def make_shown(**spec):
    product = make_product()
    make_spec(product, **spec)
    make_listing(make_variant(product))
    with transaction.atomic():
        index.reindex(product_ids=[product.pk], channel=make_channel())
    return product


def read(*, category="headlamps", now=NOON):
    return product_list.load_page(
        channel=make_channel(), country="DE", query=ProductFilter(category=category), now=now
    )


@pytest.mark.django_db
def test_counts_ahead_equal_counts_now():
    for weight_g in (40, 75, None):
        make_shown(weight_g=weight_g, output_lm=100 if weight_g else None)
    counted_now = [read(), read(category=None)]

    assert facet_counts.count_due(channel=make_channel(), now=NOON) == 2

    assert [read(), read(category=None)] == counted_now


@pytest.mark.django_db
def test_a_category_counted_ahead_is_not_counted_by_the_page(django_assert_num_queries):
    make_shown()
    channel, category = make_channel(), Product.objects.get().category
    facet_counts.count_due(channel=channel, now=NOON)

    with django_assert_num_queries(2) as queries:
        product_list.load_page(
            channel=channel, country="DE", query=ProductFilter(), now=NOON, category=category
        )

    assert not any("FILTER" in query["sql"] for query in queries.captured_queries)


@pytest.mark.django_db
def test_a_filtered_page_never_uses_the_counts_of_the_category():
    make_shown(weight_g=40)
    make_shown(weight_g=75)
    facet_counts.count_due(channel=make_channel(), now=NOON)

    found = product_list.load_page(
        channel=make_channel(), country="DE", query=ProductFilter(weight_g=(50, None)), now=NOON
    )

    assert found.total == 1


@pytest.mark.django_db
def test_any_change_of_a_card_deletes_the_counts_of_its_channel():
    product = make_shown()
    other = make_channel(code="other")
    for channel in (make_channel(), other):
        facet_counts.count_due(channel=channel, now=NOON)

    with transaction.atomic():
        index.reindex(product_ids=[product.pk], channel=make_channel())
    assert FacetCount.objects.filter(channel=make_channel()).count() == 2

    make_shown()
    assert set(FacetCount.objects.values_list("channel", flat=True)) == {other.pk}
    assert read().total == 2


@pytest.mark.django_db
def test_counts_expire_because_stock_does():
    make_shown()
    channel = make_channel()
    facet_counts.count_due(channel=channel, now=NOON)
    later = NOON + timedelta(hours=25)

    assert read(now=later).in_stock == 0
    assert facet_counts.count_due(channel=channel, now=NOON + timedelta(minutes=4)) == 0
    assert facet_counts.count_due(channel=channel, now=later) == 2
    assert FacetCount.objects.count() == 2


@pytest.mark.django_db
def test_the_task_counts_every_channel():
    make_shown()
    make_channel(code="other")

    assert count_categories() == 4
    assert count_categories() == 0


@pytest.mark.django_db(transaction=True)
def test_nothing_is_counted_during_an_uncommitted_change():
    channel = make_channel()
    counted = []

    def count():
        try:
            counted.append(
                facet_counts.count_due(channel=Channel.objects.get(pk=channel.pk), now=NOON)
            )
        finally:
            connection.close()

    with transaction.atomic():
        facet_counts.block_counting(channel=channel)
        thread = threading.Thread(target=count)
        thread.start()
        thread.join(timeout=5)

    assert counted == [0]
    assert not ProductCard.objects.exists()
    assert facet_counts.count_due(channel=channel, now=NOON) == 1
