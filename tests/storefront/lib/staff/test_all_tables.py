"""Admin of every table: what staff see, and what they may do."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.custom_attributes import registry
from catalog.models import Listing, Product
from catalog.models.families import clear_family_cache
from catalog.texts import options
from orders.models import Cart, Order, Payment
from storefront.accounts import staff_sessions
from storefront.lib.security.encryption import decrypt, encrypt
from storefront.lib.staff.admin import StaffAdmin
from suppliers.models import Connection, Supplier
from tests.factories.full_shop import make_world
from tests.support.admin_forms import page

pytestmark = pytest.mark.django_db
admin.autodiscover()
CONNECTION_FIELDS = ("base_url", "account_id", "calls_per_second", "max_concurrent_calls")
MAX_QUERIES = 12
MAX_PAGE_QUERIES = 16  # an order or a parcel shows a section for each of several other tables


def count_queries(client, url):
    """Request a page as in a process that keeps no families, attributes and option texts yet."""
    clear_family_cache()
    registry.clear_cache()
    options.clear_cache()
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200, url
    return len(queries), response.content.decode()


def test_pages_of_every_table_need_few_queries_whatever_the_number_of_rows(
    shared_world, monkeypatch, staff
):
    monkeypatch.setattr(staff_sessions, "RECORD_INTERVAL", timedelta(days=1))  # no write per minute
    ContentType.objects.get_for_models(*admin.site._registry)  # a process reads each once
    lists, others, pages, rows = {}, {}, {}, {}
    for model, table in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        rows[name] = model.objects.count()
        lists[name], _ = count_queries(staff, page(name))
        others[f"{name} sorted"], _ = count_queries(staff, page(name) + "?o=1")
        if table.search_fields:
            others[f"{name} search"], _ = count_queries(staff, page(name) + "?q=usb+1234")
        if row := model.objects.order_by("pk").first():
            pages[name], _ = count_queries(staff, page(name, "change", row.pk))
        assert isinstance(table, StaffAdmin) or name in {"accounts_user", "auth_group"}

    assert {name: many for name, many in (lists | others).items() if many > MAX_QUERIES} == {}
    assert {name: many for name, many in pages.items() if many > MAX_PAGE_QUERIES} == {}
    make_world(monkeypatch, batch=2)
    more = {
        name: count_queries(staff, page(name))[0]
        for model in admin.site._registry
        if model.objects.count() > rows[name := model._meta.label_lower.replace(".", "_")]
    }
    assert len(more) > 40  # the other tables hold settings, or no rows in this test
    assert {name: (lists[name], many) for name, many in more.items() if many > lists[name]} == {}


def test_rows_written_by_services_cannot_be_edited(shared_world, staff):
    order = Order.objects.first()

    answers = [
        staff.get(page("orders_order", "add")),
        staff.post(page("orders_order", "delete", order.pk), {"post": "yes"}),
        staff.post(page("orders_order", "change", order.pk), {"email": "thief@example.org"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    order.refresh_from_db()
    assert order.email == "max@example.org"


def test_access_keys_and_tokens_are_not_shown(shared_world, staff):
    cart, payment = Cart.objects.first(), Payment.objects.exclude(pay_url="").first()

    for name, row, secret in (
        ("orders_cart", cart, cart.token),
        ("orders_payment", payment, payment.pay_url),
    ):
        assert secret not in count_queries(staff, page(name, "change", row.pk))[1]


def connect_to_cj(**changes):
    """Give the supplier a CJ connection; return the connection and the values of its form."""
    Supplier.objects.filter(connection__isnull=False).update(adapter="cj")
    Connection.objects.update(**changes)
    api_connection = Connection.objects.get()
    form = {name: getattr(api_connection, name) for name in CONNECTION_FIELDS}
    form |= {f"{kind}_every_min": 7 for kind in ("products", "prices", "stock", "orders")}
    return api_connection, form | {"quotas-TOTAL_FORMS": 0, "quotas-INITIAL_FORMS": 0}


def test_secret_is_write_only(shared_world, staff):
    api_connection, form = connect_to_cj(tokens_encrypted=encrypt({"access": "lent"}))
    url = page("suppliers_connection", "change", api_connection.pk)

    response = staff.post(url, form | {"secret_api_key": "CJ12345@api@secret"})

    assert response.status_code == 302
    api_connection.refresh_from_db()
    _, shown = count_queries(staff, url)
    assert decrypt(api_connection.secrets_encrypted) == {"api_key": "CJ12345@api@secret"}
    assert (api_connection.tokens_encrypted, api_connection.stock_every_min) == ("", 7)
    assert api_connection.secrets_encrypted not in shown
    assert "CJ12345" not in shown


def test_edited_product_text_is_saved_and_shown(shared_world, staff):
    product = Product.objects.first()
    form = {
        "title": "A better title",
        "summary": product.summary,
        "description_html": (
            '<p>Bright <a href="https://example.com">here</a><img src="x.png"></p>'
            "<script>alert(1)</script>"
        ),
        "brand": product.brand_id,
        "category": product.category_id,
        "family": product.family,
        "option_names": "\n".join(product.option_names),
    }
    for below in ("variants", "spec", "modes", "images"):
        form |= {f"{below}-TOTAL_FORMS": 0, f"{below}-INITIAL_FORMS": 0}

    response = staff.post(page("catalog_product", "change", product.pk), form)

    product.refresh_from_db()
    assert response.status_code == 302
    assert product.title == "A better title"
    assert product.description_html == "<p>Bright here</p>"
    assert product.overridden_fields == ["description_html", "title"]
    assert product.cards.get().title == "A better title"


def test_delisted_listing_leaves_the_shop_until_relisted(shared_world, staff):
    listing = Listing.objects.first()
    product = listing.variant.product

    def act(name):
        staff.post(page("catalog_listing"), {"action": name, "_selected_action": [listing.pk]})
        listing.refresh_from_db()
        return listing.is_delisted, listing.is_published, product.cards.count()

    assert act("withdraw") == (True, False, 0)
    assert act("put_back") == (False, True, 1)


def test_admin_pages_have_their_own_policy(staff, client):
    assert reverse("admin:index") == settings.STAFF_PREFIX
    of_admin = staff.get(settings.STAFF_PREFIX).headers["Content-Security-Policy"]
    of_shop = client.get("/healthz").headers["Content-Security-Policy"]

    assert "'unsafe-eval'" in of_admin
    assert re.search(r"default-src 'self'", of_admin)
    assert "unsafe" not in of_shop
