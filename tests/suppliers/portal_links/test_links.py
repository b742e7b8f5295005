"""Portal links: one current link per supplier, its key, its end and its use."""

from datetime import timedelta

import pytest

from suppliers.models import Connection, PortalLink
from suppliers.portal_links import links
from tests.factories.suppliers import NOON, make_supplier
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db


def make_link(supplier=None, *, former_id=None, email="", now=NOON):
    return links.create_link(
        supplier=supplier or make_supplier(), former_id=former_id, email=email, actor="ann", now=now
    )


def key_of(url):
    return url.rstrip("/").rpartition("/")[2]


def find(url, now=NOON, code="lumen"):
    return links.find_supplier(code=code, key=key_of(url), now=now)


def test_the_key_has_192_random_bits_and_is_encrypted():
    url = make_link()

    assert len(key_of(url)) == 32
    assert url.endswith(f"/en/suppliers/lumen/{key_of(url)}/")
    assert key_of(url) not in PortalLink.objects.get().key_encrypted
    assert links.portal_url(make_supplier(), now=NOON) == url
    assert find(url) == make_supplier()


def test_only_the_right_key_opens_a_supplier():
    url = make_link()
    make_link(make_supplier("other"))

    assert find("x" * 32) is None
    assert find("") is None
    assert find("ключ") is None
    assert find(url, code="other") is None
    assert find(url, code="unknown") is None
    assert find(url, code="lu\0men") is None


def test_a_new_link_ends_the_former_one_and_the_history_stays():
    first = make_link()
    former = PortalLink.objects.get()
    second = make_link(former_id=former.pk, now=NOON + timedelta(days=1))

    former.refresh_from_db()
    assert find(first) is None
    assert find(second) == make_supplier()
    assert (former.ended_by, former.ended_at) == ("ann", NOON + timedelta(days=1))
    assert former.key_encrypted == ""


def test_a_repeated_submission_does_not_rotate_again():
    url = make_link()

    with pytest.raises(links.PortalLinkChangedError):
        make_link()

    assert find(url) == make_supplier()


def test_a_revoked_link_opens_nothing():
    url = make_link()
    supplier, link = make_supplier(), PortalLink.objects.get()

    links.revoke_link(supplier=supplier, link_id=link.pk, actor="ann", now=NOON)

    assert find(url) is None
    assert links.portal_url(supplier, now=NOON) == ""
    with pytest.raises(links.PortalLinkChangedError):
        links.revoke_link(supplier=supplier, link_id=link.pk, actor="ann", now=NOON)


def test_a_link_expires(settings):
    settings.SUPPLIER_LINK_DAYS = 30
    url = make_link()
    end = NOON + timedelta(days=30)

    assert find(url, now=end - timedelta(seconds=1)) == make_supplier()
    with pytest.raises(links.ExpiredPortalLinkError):
        find(url, now=end)
    assert find("x" * 32, now=end) is None
    assert links.portal_url(make_supplier(), now=end) == ""


def test_the_last_use_is_recorded_every_few_minutes():
    url = make_link()

    for minutes in (0, 1, 6):
        find(url, now=NOON + timedelta(minutes=minutes))
        find("x" * 32, now=NOON + timedelta(minutes=20))
        seen = PortalLink.objects.get().last_used_at
        assert seen == NOON + timedelta(minutes=0 if minutes < 6 else 6)


def test_the_contact_is_the_address_for_questions_else_for_orders():
    supplier = make_supplier()
    options = Connection.objects.filter(supplier=supplier)

    assert links.contact_email(supplier) == ""
    options.update(options={"orders_to": "orders@lumen.example"})
    assert links.contact_email(supplier) == "orders@lumen.example"
    options.update(options={"orders_to": "/in", "questions_to": "ask@lumen.example"})
    assert links.contact_email(supplier) == "ask@lumen.example"


@pytest.mark.django_db(transaction=True)
def test_two_rotations_at_once_leave_one_link():
    supplier = make_supplier()
    made = []

    all_at_once([lambda: made.append(make_link(supplier))] * 2, links.PortalLinkChangedError)

    (url,) = made
    assert find(url) == supplier
    assert PortalLink.objects.count() == 1
