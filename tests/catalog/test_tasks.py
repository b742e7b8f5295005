import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from PIL import Image as Pillow

from catalog.models import Category, Image, ProductCard
from catalog.products import images
from catalog.products.tasks import fetch_images
from catalog.search import index
from tests.factories.catalog import (
    make_channel,
    make_image,
    make_listing,
    make_product,
    make_spec,
    make_variant,
)
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db


def png():
    content = io.BytesIO()
    Pillow.new("RGB", (300, 200), (9, 9, 9)).save(content, "PNG")
    return content.getvalue()


def make_shown():
    product = make_product()
    make_spec(product)
    make_listing(make_variant(product), as_of=timezone.now())
    with transaction.atomic():
        index.reindex(product_ids=[product.pk], channel=make_channel())
    return product


def test_a_fetched_image_is_shown_on_the_card(httpserver):
    httpserver.expect_request("/1.png").respond_with_data(png())
    image = make_image(make_shown(), source_url=httpserver.url_for("/1.png"))

    assert fetch_images() == 1

    image.refresh_from_db()
    assert ProductCard.objects.get().picture == image.stem != ""


def test_main_images_come_first_and_each_is_fetched_once(httpserver, monkeypatch):
    monkeypatch.setattr("catalog.products.tasks.BATCH", 2)
    httpserver.expect_request("/1.png").respond_with_data(png())
    product, other = make_shown(), make_shown()
    side = make_image(
        product, role="side", position=1, source_url=httpserver.url_for("/1.png?side")
    )
    for each in (product, other):
        make_image(each, source_url=httpserver.url_for("/1.png?main"))

    monkeypatch.setattr("catalog.products.tasks.BUDGET_S", 0)
    assert fetch_images() == 2

    assert list(Image.objects.filter(stem="")) == [side]
    assert fetch_images() == 1
    assert fetch_images() == 0


def test_one_run_fetches_all_batches_and_queues_nothing(httpserver, monkeypatch):
    monkeypatch.setattr("catalog.products.tasks.BATCH", 2)
    monkeypatch.setattr(fetch_images, "apply_async", None)
    httpserver.expect_request("/1.png").respond_with_data(png())
    product = make_shown()
    for number in range(5):
        make_image(product, position=number, source_url=httpserver.url_for(f"/1.png?{number}"))

    assert fetch_images() == 5
    assert not Image.objects.filter(stem="").exists()


@pytest.mark.django_db(transaction=True)
def test_one_worker_fetches_images_at_a_time(monkeypatch):
    monkeypatch.setattr(
        images, "fetch_due", lambda **_: results.append(run_elsewhere(fetch_images)) or 0
    )
    results = []

    assert fetch_images() == 0

    assert results == [0], "the other worker did not end although the lock was held"


def run_elsewhere(act):
    """Run ``act`` in another thread, with its own database session; return the result."""
    other = Rival(act)
    other.begin()
    return other.finish()


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_fetch_the_same_image():
    make_image(make_product())

    def lease():
        return len(images._lock_due(size=20, now=timezone.now(), main_only=False))

    with transaction.atomic():
        Image.objects.select_for_update(of=["self"]).get()
        leased = run_elsewhere(lease)

    assert (leased, lease(), lease()) == (0, 1, 0)


def test_an_image_of_a_crashed_worker_is_due_after_the_lease():
    make_image(make_product())
    images._lock_due(size=20, now=timezone.now(), main_only=False)

    assert not Image.objects.waiting(timezone.now()).exists()
    assert Image.objects.waiting(timezone.now() + images.LOCK_TTL + timedelta(seconds=1)).exists()


def test_categories_are_created_in_both_languages_idempotently():
    for _ in range(2):
        call_command("create_categories", stdout=io.StringIO())

    found = {category.slug: category for category in Category.objects.all()}
    assert list(Category.objects.order_by("position").values_list("slug", flat=True)) == [
        "headlamps",
        "flashlights",
        "lanterns",
        "work-lights",
        "bike-lights",
        "cells-chargers",
        "accessories",
    ]
    for category in found.values():
        assert set(category.names) == set(category.intros) == {"en", "az"}
    assert found["cells-chargers"].families == ["battery", "charger"]
