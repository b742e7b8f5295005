"""Access by the link of a supplier: isolation, wrong links, limits, no leaks."""

import pytest
from django.test import TestCase

from storefront.supplier_portal import access
from suppliers.models import PortalLink
from suppliers.portal_links import links
from tests.factories.orders import make_purchase_orders
from tests.factories.shipping import (
    make_sent_purchase_order,
)
from tests.factories.suppliers import NOON, make_supplier
from tests.storefront.supplier_portal.client import confirm, fresh, list_path, of_other_supplier

pytestmark = pytest.mark.django_db


SUBPATHS = ["", "answer/", "parcel/", "arrived/", "readdress/", "stop/"]


@pytest.mark.parametrize("subpath", SUBPATHS)
def test_a_link_opens_no_order_of_another_supplier(client, subpath):
    foreign, own = of_other_supplier(), make_sent_purchase_order()
    call = client.post if subpath else client.get

    refused = call(list_path(f"{foreign.number}/{subpath}"))
    opened = call(list_path(f"{own.number}/{subpath}"))

    assert refused.status_code == 404
    assert "There is no such order." in refused.content.decode()
    assert foreign.order.ship_to["line1"] not in refused.content.decode()
    assert opened.status_code in {200, 303, 422}
    assert fresh(foreign).accepted_at is None


def test_an_order_is_answered_through_the_list(client):
    purchase_order = make_sent_purchase_order()
    path = list_path(f"{purchase_order.number}/")
    page = client.get(path).content.decode()
    assert f'action="{path}answer/"' in page
    assert f'href="{list_path()}"' in page
    assert purchase_order.access_key not in page

    line = purchase_order.lines.get().order_line_id
    response = client.post(path + "answer/", {f"line_{line}": "ship"}, headers={"Origin": "null"})

    assert response["Location"] == f"{path}?done=answered"
    assert fresh(purchase_order).accepted_at == NOON


def test_the_security_log_names_the_order_that_was_answered_through_the_list(client, caplog):
    caplog.set_level("INFO", "security")
    purchase_order = make_sent_purchase_order()

    with TestCase.captureOnCommitCallbacks(execute=True):
        client.post(list_path(f"{purchase_order.number}/answer/"), {})

    assert f'"opened": "{purchase_order.number}"' in caplog.text


def test_unsubmitted_orders_are_not_opened_by_the_list(client):
    (unsent,) = make_purchase_orders()

    assert client.get(list_path(f"{unsent.number}/")).status_code == 404


EVERY_PATH = ["", "orders.csv", "FL-1/"]


@pytest.mark.parametrize("subpath", [*EVERY_PATH, "confirm/", "upload/", "FL-1/answer/"])
def test_wrong_revoked_and_expired_links_open_nothing(client, subpath):
    purchase_order = make_sent_purchase_order()
    path = list_path(subpath.replace("FL-1", purchase_order.number))
    call = client.get if subpath in EVERY_PATH else client.post
    key = PortalLink.objects.get().pk
    wrong = call(path.replace("/suppliers/lumen/", "/suppliers/other/"))
    PortalLink.objects.update(expires_at=NOON)
    expired = call(path)
    links.revoke_link(supplier=make_supplier(), link_id=key, actor="ann", now=NOON)
    revoked = call(path)

    assert [one.status_code for one in (wrong, expired, revoked)] == [404, 404, 404]
    for response, words in (
        (wrong, "Use the link in our latest e-mail"),
        (expired, "This link has expired."),
        (revoked, "Use the link in our latest e-mail"),
    ):
        assert words in response.content.decode()
        assert purchase_order.order.ship_to["line1"] not in response.content.decode()
        assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("subpath", ["", "orders.csv"])
def test_list_leaks_no_link(client, subpath):
    response = client.get(list_path(subpath))

    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert not response.cookies


def test_forms_and_wrong_keys_are_limited(client, monkeypatch):
    monkeypatch.setattr(access, "FORMS_PER_HOUR", 1)
    monkeypatch.setattr(access, "WRONG_KEYS_PER_HOUR", 1)
    make_sent_purchase_order()
    wrong = f"/en/suppliers/lumen/{'x' * 32}/"

    assert [confirm(client).status_code for _ in range(2)] == [422, 429]
    assert [client.get(wrong).status_code for _ in range(2)] == [404, 429]


def test_use_of_the_link_is_recorded(client):
    client.get(list_path())

    assert PortalLink.objects.get().last_used_at == NOON


def test_the_answer_to_a_form_leads_back_to_its_page(client):
    purchase_order = make_sent_purchase_order()
    path = list_path(f"{purchase_order.number}/")

    refused = client.post(path + "answer/").content.decode()
    results = confirm(client, purchase_order).content.decode()
    problem = confirm(client).content.decode()

    for action in ("answer/", "parcel/", "document/"):
        assert f'action="{path}{action}"' in refused
    assert results.count(f'href="{list_path()}"') == 3  # twice in the page, once as a language
    assert f'action="{list_path("upload/")}"' in problem
    assert f'href="{list_path(language="de")}"' in problem
