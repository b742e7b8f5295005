"""View as this customer: staff see the customer's pages read-only, with a banner and a trail."""

import pytest
from django.urls import reverse

from orders.models import Order, OrderMessage
from storefront.accounts.models import User
from storefront.lib.db.audit import AuditEvent
from tests.factories.accounts import make_shopper, make_staff
from tests.factories.markets import make_second_market
from tests.factories.orders import make_order
from tests.factories.shipping import make_service
from tests.storefront.web.conftest import WHO, make_light

pytestmark = pytest.mark.django_db
BANNER = "You view the shop as"


def view(client, row):
    kind = "account" if isinstance(row, User) else "order"
    return client.post(reverse("supply:customer_view", args=[f"{kind}-{row.pk}"]))


def order_page(order):
    return f"/en/orders/{order.number}/{order.access_key}/"


@pytest.fixture
def light():
    listing = make_light()
    make_service()
    return listing


@pytest.fixture
def user():
    return make_shopper()


@pytest.fixture
def order(light):
    return make_order(light)


def test_the_account_is_shown_as_the_customer_sees_it_and_the_view_is_logged(
    staff, user, order, caplog, django_capture_on_commit_callbacks
):
    caplog.set_level("INFO", logger="security")
    with django_capture_on_commit_callbacks(execute=True):
        assert view(staff, user).headers["Location"] == "/en/account/"

    page = staff.get("/en/account/").content.decode()

    assert order.number in page
    assert f"{BANNER} {user.email}" in page
    assert BANNER in staff.get(order_page(order)).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        ended = staff.post(reverse("supply:end_view"))
    assert ended.headers["Location"] == reverse("supply:customer", args=[f"account-{user.pk}"])
    assert staff.get("/en/account/").status_code == 302
    assert BANNER not in staff.get(order_page(order)).content.decode()
    lines = [text for text in caplog.messages if "customer_viewed" in text]
    boss = User.objects.get(is_staff=True)
    assert all(f'"actor": "user:{boss.pk}"' in line for line in lines)
    assert [f'"customer": "account-{user.pk}"' in line for line in lines] == [True, True]
    assert ['"step": "begin"' in lines[0], '"step": "end"' in lines[1]] == [True, True]
    trail = AuditEvent.objects.filter(action="viewed_as").order_by("pk")
    assert list(trail.values_list("actor", "detail")) == [
        (boss.email, f"begin account-{user.pk}"),
        (boss.email, f"end account-{user.pk}"),
    ]
    assert staff.post(reverse("supply:end_view")).headers["Location"] == reverse("supply:customers")


def test_every_form_of_the_shop_is_refused(staff, user, order, light):
    view(staff, user)
    staff.defaults |= {"HTTP_SEC_FETCH_SITE": "same-origin"}
    page = order_page(order)
    before = Order.objects.values().get(pk=order.pk)
    forms = {
        f"{page}cancel/": {},
        f"{page}message/": {"text": "Hello", "key": "1"},
        f"{page}pay/": {},
        "/en/account/profile/": {"name": "Mallory", "language": "en"},
        "/en/account/messages/": {},
        "/en/account/privacy/copy/": {},
        "/en/account/privacy/erase/": {"current": "a lamp in the night", "sure": "on"},
        "/en/account/sign-out/": {},
        "/en/cart/add/": {"listing": light.pk, "quantity": 1},
        "/en/checkout/": WHO,
    }

    for path, typed in forms.items():
        answer = staff.post(path, typed)
        assert answer.status_code == 403, path
        assert "Nothing was changed" in answer.content.decode(), path
        assert BANNER in answer.content.decode(), path
    for method in ("put", "patch", "delete"):
        assert getattr(staff, method)("/en/account/profile/").status_code == 403

    assert Order.objects.values().get(pk=order.pk) == before
    assert not OrderMessage.objects.exists()
    user.refresh_from_db()
    assert user.name == ""


@pytest.mark.parametrize(
    "name",
    ["account_paid", "account_addresses", "account_profile", "account_messages", "account_privacy"],
)
def test_each_account_page_is_shown_with_the_banner(staff, user, light, name):
    view(staff, user)

    answer = staff.get(reverse(name))

    assert answer.status_code == 200
    assert BANNER in answer.content.decode()


def test_a_guest_is_viewed_on_the_order_page_only(staff, order, client_factory):
    other = make_order(order.lines.get().variant.listings.get(), email="max@example.org")

    assert view(staff, order).headers["Location"] == order_page(order)

    assert f"{BANNER} {order.email}" in staff.get(order_page(order)).content.decode()
    assert BANNER not in staff.get(order_page(other)).content.decode()
    assert staff.get("/en/account/").status_code == 302
    assert BANNER not in client_factory().get(order_page(order)).content.decode()


def test_pages_of_a_market_with_its_own_host_are_shown_on_that_of_the_session(
    staff, user, order, monkeypatch
):
    market = make_second_market(monkeypatch, host="fara.az", path="")
    Order.objects.filter(pk=order.pk).update(channel=market)
    view(staff, user)

    for path in ("/en/account/", order_page(order)):
        page = staff.get(path).content.decode()
        assert f"{BANNER} {user.email}" in page
        assert f'data-cart-count="fara_cart_count_{market.code}"' in page
        assert staff.post(path).status_code == 403


def test_other_pages_of_the_shop_stay_those_of_the_staff_member(staff, user, light):
    view(staff, user)

    assert BANNER not in staff.get("/en/cart/").content.decode()


def test_the_view_needs_its_permission(client, user, light):
    ann = make_staff("ann", "view_customer", "view_order")
    client.force_login(ann)
    assert view(client, user).status_code == 403

    client.force_login(make_staff("bob", "view_customer", "view_order", "view_as_customer"))
    view(client, user)
    assert BANNER in client.get("/en/account/").content.decode()
    User.objects.get(email="bob@fara.example").user_permissions.clear()

    assert client.get("/en/account/").status_code == 302


def test_a_deleted_account_is_viewed_no_longer(staff, user, light):
    view(staff, user)
    User.objects.filter(pk=user.pk).delete()

    assert staff.get("/en/account/").status_code == 302


def test_staff_are_never_viewed(staff, light):
    ann = make_staff("ann")

    assert view(staff, ann).status_code == 404
