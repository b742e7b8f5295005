"""Product feed pages: staff add a feed, see its address, and get a new file after a change."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from catalog.models import Channel
from storefront.product_feeds.models import ProductFeed
from tests.factories.catalog import NOON, make_channel

pytestmark = pytest.mark.django_db
URL = "/admin/product_feeds/productfeed/"


def form(**changes):
    known = {"target": "google", "channel": make_channel().pk, "country": "de", "language": "en"}
    return {**known, "file_type": "xml", "is_active": "on", **changes}


def test_staff_add_a_feed_and_see_its_address(admin_client):
    answer = admin_client.post(f"{URL}add/", form())
    assert answer.status_code == 302
    feed = ProductFeed.objects.get()
    assert feed.country == "DE"
    page = admin_client.get(f"{URL}{feed.pk}/change/").content.decode()
    assert f"/feeds/{feed.key}.xml" in page


@pytest.mark.parametrize(
    ("changes", "of_channel", "message"),
    [
        ({"country": "XX"}, {}, "Enter a country code of two letters"),
        ({"country": "BR"}, {}, "The channel does not sell to"),
        ({}, {"languages": ["az"]}, "The channel is not offered in this language"),
        ({}, {"is_storefront": False}, "Choose a market of our own site"),
    ],
)
def test_a_feed_whose_pages_do_not_exist_is_refused(admin_client, changes, of_channel, message):
    make_channel()
    Channel.objects.update(**of_channel)
    answer = admin_client.post(f"{URL}add/", form(**changes))
    assert message in answer.content.decode()
    assert not ProductFeed.objects.exists()


def feed_with_file(**changes):
    name = storages["private"].save("product_feeds/old.xml", ContentFile(b"<rss/>"))
    return ProductFeed.objects.create(
        target="google",
        file_type="xml",
        country="DE",
        language="en",
        channel=make_channel(),
        file=name,
        built_at=NOON,
        **changes,
    )


def test_the_files_of_selected_feeds_are_deleted_with_them(admin_client):
    feed = feed_with_file()
    selected = {"action": "delete_selected", "_selected_action": [feed.pk], "post": "yes"}

    admin_client.post(URL, selected)

    assert not ProductFeed.objects.exists()
    assert not storages["private"].exists(feed.file)


def test_a_feed_with_another_content_waits_for_a_new_file(admin_client):
    feed = feed_with_file(excluded={"undeliverable": 3, "no_picture": 1})
    name = feed.file
    page = admin_client.get(f"{URL}{feed.pk}/change/").content.decode()
    assert "1 no picture, 3 cannot be delivered to the country" in page

    admin_client.post(f"{URL}{feed.pk}/change/", form(language="az"))
    feed.refresh_from_db()
    assert (feed.language, feed.file, feed.built_at) == ("az", "", None)
    assert not storages["private"].exists(name)
    answer = admin_client.get(f"{URL}{feed.pk}/build_now/", follow=True)
    assert "The build has started." in answer.content.decode()

    admin_client.post(f"{URL}{feed.pk}/delete/", {"post": "yes"})
    assert not ProductFeed.objects.exists()
