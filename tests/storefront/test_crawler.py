"""Crawler: open every URL as every kind of user, with hostile parameters.

No 5xx, no leaked staff page.
"""

import re
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.http import HttpResponseForbidden
from django.test import Client

from orders.models import Order
from storefront.accounts.models import User
from storefront.dashboard.login import forbidden as staff_page
from tests.factories.accounts import make_shopper, make_staff
from tests.factories.suppliers import NOON
from tests.support.corpus import Deck, forms_of
from tests.support.url_map import addresses

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shared_world")]

HOSTILE = (
    "q=%27%22%3E%3Cscript%3E&page=-1&id=1e999&=x&next=//evil.example&sort=%C4%B0&v[]=1&e=1&o=z"
)
OPEN_TO_ALL = {"/admin/login/", "/admin/jsi18n/", "/admin/logout/"}
LIST_SLASHES = 3  # slashes in the URL pattern of a table's list
ENDS_THE_SESSION = {"/admin/logout/", "/admin/password_change/"}
SELLING_PAGES = re.compile(
    r"en/(c/|p/[^/]*/(alert/)?$|search/|compare/|cart/|checkout/|info/<|info/contact/|$|orders/.*/again/)"
    r"|api/v1/listings/"
)
REFUSED = {301, 302, 303, 400, 403, 404, 405}


def browser(user=None):
    client = Client(raise_request_exception=False, HTTP_SEC_FETCH_SITE="same-origin")
    if user is not None:
        client.force_login(user)
    return client


def open_all(client, places, method="get", query=""):
    """Open each URL; return the status codes by path."""
    return {
        place.path: getattr(client, method)(f"{place.path}?{query}").status_code for place in places
    }


def broken(codes):
    # No worker and no beat run beside this test, as /readyz correctly reports.
    return {path: code for path, code in codes.items() if code >= 500 and path != "/readyz"}


def is_for_staff(place):
    return place.is_staff_page and place.path not in OPEN_TO_ALL


def not_refused(codes):
    return {path: code for path, code in codes.items() if code not in REFUSED}


def submit_forms(client, places):
    """Open each page, search each list, submit each distinct form once with bad fields and files.

    Forms are the same if their fields and the last part of their address, the verb, are equal. All
    forms on lists have the verb "list".
    """
    deck, codes, seen = Deck(), {}, set()
    for place in places:
        is_list = place.pattern.count("/") == LIST_SLASHES
        page = client.get(f"{place.path}?{urlencode({'q': deck.text()}) if is_list else HOSTILE}")
        codes[place.path] = page.status_code
        for action, hidden, typed, files in forms_of(place.path, page):
            verb = "list" if is_list else action.rstrip("/").rpartition("/")[2]
            if action in ENDS_THE_SESSION or (form := (verb, *hidden, *typed)) in seen:
                continue
            seen.add(form)
            bad = {typed[len(codes) % len(typed)]: deck.text()} if typed else {}
            form = {**hidden, **bad, **{name: deck.file() for name in files}}
            codes[f"{action} {bad}"] = client.post(action, form).status_code
    return codes


@pytest.fixture
def plain_refusal(monkeypatch):
    """Answer 403 without rendering the staff page, which test_forbidden.py covers."""
    monkeypatch.setattr(staff_page, "forbidden", lambda *_args: HttpResponseForbidden())


@pytest.fixture
def bare_refusal(monkeypatch):
    """Collect the content of a 403 page but render nothing: all addresses share its template."""
    answer = SimpleNamespace(render=HttpResponseForbidden)
    monkeypatch.setattr(staff_page, "page", lambda *_args: answer)


STRANGERS = [
    ("no one", "post"),
    ("customer", "get"),
    pytest.param("no one", "get", marks=pytest.mark.full),
    pytest.param("customer", "post", marks=pytest.mark.full),
]


@pytest.mark.parametrize(("who", "method"), STRANGERS)
@time_machine.travel(NOON, tick=True)
def test_no_url_fails_or_shows_a_staff_page_to_a_stranger(started, plain_refusal, who, method):
    places = list(addresses())
    user = make_shopper() if who == "customer" else None

    codes = open_all(browser(user), places, method, HOSTILE)

    assert broken(codes) == {}
    assert not_refused({one.path: codes[one.path] for one in places if is_for_staff(one)}) == {}


@pytest.fixture
def tables():
    forms = ("/change/", "/add/", "/delete/")
    return [one for one in addresses() if is_for_staff(one) and one.pattern.endswith(forms)]


@pytest.fixture
def viewer():
    """Return the browser of staff with permission to view every table."""
    views = Permission.objects.filter(codename__startswith="view_")
    return browser(make_staff("looker", *views.values_list("codename", flat=True)))


@time_machine.travel(NOON, tick=True)
def test_staff_need_one_permission_to_view_and_another_to_change(
    started, plain_refusal, tables, viewer
):
    assert not_refused(open_all(browser(make_staff("nothing")), tables)) == {}
    assert not_refused(open_all(viewer, tables, "post")) == {}


@pytest.mark.full  # test_bad_staff_forms_and_searches_never_fail opens the same pages
@time_machine.travel(NOON, tick=True)
def test_no_staff_page_fails_for_staff_with_view_permissions_only(started, viewer):
    desk = [one for one in addresses() if is_for_staff(one)]

    assert broken(open_all(viewer, desk, query=HOSTILE)) == {}


@pytest.fixture
def root():
    return browser(User.objects.create_superuser("root@fara.example", "a password"))


@pytest.fixture
def work_pages():
    """Return the staff pages, without histories and redirects: all tables share those."""
    return [
        one
        for one in addresses()
        if is_for_staff(one) and not one.pattern.endswith(("/history/", "/<path:object_id>/"))
    ]


@time_machine.travel(NOON, tick=True)
def test_bad_staff_forms_and_searches_never_fail(started, bare_refusal, root, work_pages):
    assert broken(submit_forms(root, work_pages)) == {}


@time_machine.travel(NOON, tick=True)
def test_bad_ids_never_fail(started, bare_refusal, root, work_pages):
    kinds = zip(*map(addresses, ("0", "x", "9" * 20)), strict=True)
    patterns = {one.pattern for one in work_pages if not one.pattern.endswith("/delete/")}
    strange = [
        three[turn % 3]
        for turn, three in enumerate(kinds)
        if three[0].pattern in patterns and three[0].path != three[1].path
    ]

    assert broken(open_all(root, strange)) == {}


@time_machine.travel(NOON, tick=True)
def test_a_view_as_customer_writes_nothing_on_any_page_of_the_shop(started, root):
    root.post(f"/admin/supply/customers/order-{Order.objects.latest('pk').pk}/view/")
    shop = [one for one in addresses() if not one.is_staff_page]

    codes = open_all(root, shop, "post")

    # Some patterns of files match no path.
    assert {path: code for path, code in codes.items() if code not in {403, 404}} == {}
    assert {code for path, code in codes.items() if path.startswith("/en/")} == {403}


@time_machine.travel(NOON, tick=True)
def test_production_without_identity_closes_only_what_sells(settings):
    settings.IS_PRODUCTION = True
    client, statuses = browser(), {}

    for place in addresses():
        if place.pattern.startswith(("en/", "api/v1/listings/", "api/v1/orders/")):
            path = place.path if "info/" not in place.path else "/en/info/imprint/"
            codes = (getattr(client, method)(path).status_code for method in ("get", "post"))
            statuses[place.pattern] = next((code for code in codes if code != 405), 405)

    closed = {pattern for pattern, code in statuses.items() if code == 503}
    assert closed == {pattern for pattern in statuses if SELLING_PAGES.match(pattern)}
    assert client.get("/en/info/returns/").status_code == 200
    order = next(path for path in statuses if path.endswith("orders/<str:number>/<str:key>/"))
    assert statuses[order] == statuses["en/supplier/<str:number>/<str:key>/"] == 200
