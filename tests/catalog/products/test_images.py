import time
from datetime import timedelta

import pytest

from catalog.models import Image
from catalog.products import images
from storefront.lib.http.errors import PermanentError, TemporaryError
from tests.factories.catalog import make_product
from tests.factories.compliance import make_picture
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def make_images(*urls):
    product = make_product()
    return [
        Image.objects.create(product=product, source_url=url, position=place)
        for place, url in enumerate(urls)
    ]


def test_a_silent_host_is_called_once_per_batch(monkeypatch):
    asked = []

    def download(url, **_):
        asked.append(url)
        raise TemporaryError("no answer", code="503" if "busy" in url else "")

    monkeypatch.setattr(images, "download", download)
    made = make_images(
        "http://silent.example/1", "http://silent.example/2", "http://busy.example/1",
        "http://busy.example/2", "http://[", "http://silent.example/3",
    )  # fmt: skip

    images.fetch_due(size=20, now=NOON)

    assert asked == [
        "http://silent.example/1", "http://busy.example/1", "http://busy.example/2", "http://[",
    ]  # fmt: skip
    second = Image.objects.get(pk=made[1].pk)
    assert (second.tries, second.problem) == (0, "")
    assert Image.objects.waiting(NOON + timedelta(hours=1)).filter(pk=second.pk).exists()


def test_a_slow_host_is_called_once_per_batch(monkeypatch, time_machine):
    time_machine.move_to(NOON, tick=False)
    asked = []

    def download(url, **_):
        asked.append(url)
        if "slow" in url:
            time_machine.shift(images.SLOW_S + 1)
        raise PermanentError("no picture")

    monkeypatch.setattr(images, "download", download)
    monkeypatch.setattr(images.time, "monotonic", time.time)
    made = make_images(
        "http://slow.example/1", "http://slow.example/2", "http://quick.example/1",
        "http://quick.example/2",
    )  # fmt: skip

    images.fetch_due(size=20, now=NOON)

    assert asked == [
        "http://slow.example/1", "http://quick.example/1", "http://quick.example/2",
    ]  # fmt: skip
    assert list(Image.objects.waiting(NOON + images.FIRST_RETRY)) == [made[1]]


def test_an_unexpected_error_blocks_no_other_image_and_is_not_retried_forever(
    monkeypatch, httpserver
):
    content = make_picture(size=(80, 60))
    httpserver.expect_request("/bad.png").respond_with_data(content + b"bad")
    httpserver.expect_request("/good.png").respond_with_data(content)
    bad, good = make_images(httpserver.url_for("/bad.png"), httpserver.url_for("/good.png"))
    keep = images.store_resized

    def surprise(given):
        if given.endswith(b"bad"):
            raise RuntimeError("of a library")
        return keep(given)

    monkeypatch.setattr(images, "store_resized", surprise)
    now = NOON
    for _ in range(images.MAX_TRIES):
        images.fetch_due(size=20, now=now)
        now += timedelta(hours=3)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.tries, bad.problem) == (images.MAX_TRIES, "RuntimeError: of a library")
    assert good.stem
    assert not Image.objects.waiting(now + timedelta(days=9)).exists()
