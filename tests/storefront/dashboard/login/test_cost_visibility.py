"""Crawl: each staff page as each role; no cost or supplier without ``view_costs``, no error."""

import html
import io
import math
import re
import zipfile
from http import HTTPStatus

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.text import slugify

from notifications.models import Message
from orders.models import OrderLine, PurchaseOrder
from orders.purchasing.holds.rules import INSUFFICIENT_MARGIN, HoldReason
from storefront.api.models import Scope
from storefront.dashboard.login import forbidden
from storefront.dashboard.login.groups import GROUPS, create_groups
from storefront.dashboard.models import DefaultGroup
from storefront.identity import current
from storefront.lib.security.cost_rights import VIEW_COSTS
from suppliers.models import Supplier
from tests.factories import full_shop, orders, suppliers
from tests.factories.accounts import make_staff
from tests.factories.api import make_api_key
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON
from tests.support import database
from tests.support.module_world import module_world
from tests.support.url_map import addresses

pytestmark = pytest.mark.django_db
COST = "13.57"
SUPPLIER = "costless-supply"
RIGHTS = "X-Missing-Rights"


@pytest.fixture(scope="module")
def costly_world(django_db_setup, django_db_blocker, tmp_path_factory):
    """Make the full shop with a cost and a supplier that nothing else on a page can equal."""
    folder = tmp_path_factory.mktemp("costly")
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(current, "_cached", (math.inf, current.DEMONSTRATION))
        for factory, defaults in (
            (suppliers.make_supplier, {"code": SUPPLIER}),
            (orders.make_sellable, {"cost": COST}),
        ):
            names = factory.__code__.co_varnames
            count = factory.__code__.co_argcount
            first = count - len(factory.__defaults__)
            values = zip(names[first:count], factory.__defaults__, strict=True)
            patches.setattr(factory, "__defaults__", tuple(defaults.get(*pair) for pair in values))
        build = lambda: full_shop.make_world(patches)  # noqa: E731
        with module_world(
            django_db_blocker, folder, lambda: database.fill_once("costly world", build)
        ):
            yield


@pytest.fixture
def shop(costly_world, monkeypatch):
    """Let a 403 page name the missing permissions in a header; its layout is tested elsewhere."""

    class Refusal:
        def __init__(self, _request, _template, context, status):
            rights = ",".join(right for right, _groups in context.get("rights", ()))
            self.answer = HttpResponse(status=status, headers={RIGHTS: rights})

        def render(self):
            return self.answer

    connect(monkeypatch, ScriptedSupplier())
    monkeypatch.setattr(forbidden, "page", Refusal)
    DefaultGroup.objects.all().delete()
    Group.objects.all().delete()
    create_groups()
    hold_for_its_costs(PurchaseOrder.objects.latest("pk"))
    with time_machine.travel(NOON, tick=True):
        yield


def hold_for_its_costs(purchase_order):
    """Hold a purchase order for reasons that name a cost and its supplier."""
    sentence = f"{SUPPLIER} asks {COST}, so it would lose money."
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(status="draft")
    purchase_order.refresh_from_db()
    reasons = [HoldReason(INSUFFICIENT_MARGIN, sentence).to_json()]
    purchase_order.move("on_hold", at=NOON, reason=sentence, hold_reasons=reasons)


def secrets():
    """Return the pattern of the supplier's name and of all costs, as a page may write them."""
    amounts = {COST}
    for line in OrderLine.objects.exclude(landed_amount=None):
        margin = line.line_amount - line.landed_amount - line.fees_amount
        amounts |= {f"{amount:.2f}" for amount in (line.landed_amount, line.fees_amount, margin)}
    amounts -= {"0.00"}
    parts = [re.escape(one).replace(r"\.", "[.,]") for one in sorted(amounts)]
    return re.compile(rf"costless|(?<![\d.,])(?:{'|'.join(parts)})(?![\d])", re.IGNORECASE)


def staff_pages(rows):
    """Yield the staff pages of the URL map, and pages of the last rows of each table."""
    yield from (one.path for one in addresses() if one.is_staff_page)
    for model in list(admin.site._registry):
        meta = model._meta
        name = f"admin:{meta.app_label}_{meta.model_name}_change"
        for pk in model.objects.order_by("-pk").values_list("pk", flat=True)[:rows]:
            yield reverse(name, args=[pk])
            if model is Message:
                yield reverse("supply:message_text", args=[pk])


def text_of(response):
    content = b"".join(response) if response.streaming else response.content
    if content.startswith(b"PK"):  # a spreadsheet
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            content = b"\n".join(map(file.read, file.namelist()))
    return html.unescape(content.decode(errors="replace"))


def leaks_of(response, secret):
    text = text_of(response)
    found = {text[max(0, match.start() - 80) : match.end() + 20] for match in secret.finditer(text)}
    return sorted(found)[:3]


def member_of(name):
    user = make_staff(slugify(name))
    user.groups.add(Group.objects.get(name=name))
    return user


def holder_of_all(*, but=""):
    user = make_staff(f"all but {but}".replace(" ", "-"))
    user.user_permissions.set(Permission.objects.exclude(codename=but))
    return user


def signed_in(user):
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def faults(user, *, rows=2):
    """Return what is wrong with each page that a user opens, by the paths of the pages."""
    client, entitled = signed_in(user), signed_in(holder_of_all())
    secret, found = secrets(), {}
    has_costs = user.has_perm(VIEW_COSTS)
    for path in dict.fromkeys(staff_pages(rows)):
        response = client.get(path)
        status = response.status_code
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            found[path] = status
        elif status == HTTPStatus.FORBIDDEN and not response.get(RIGHTS):
            if entitled.get(path).status_code != HTTPStatus.FORBIDDEN:
                found[path] = "no permission is named"
        elif status == HTTPStatus.OK and not has_costs:
            found[path] = leaks_of(response, secret)
    return {path: fault for path, fault in found.items() if fault}


@pytest.mark.parametrize(
    "group",
    [
        "Support",
        *(pytest.param(name, marks=pytest.mark.full) for name in GROUPS if name != "Support"),
    ],
)
def test_each_role_sees_no_error_and_only_roles_with_costs_see_them(shop, group):
    member = member_of(group)

    assert faults(member) == {}


@pytest.mark.full  # opens all pages
def test_all_permissions_but_costs_show_no_cost_and_no_supplier(shop):
    assert faults(holder_of_all(but="view_costs"), rows=20) == {}


def test_searches_and_filters_tell_nothing_of_suppliers(shop, client):
    client.force_login(holder_of_all(but="view_costs"))
    told = {}
    for model in list(admin.site._registry):
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        queries = [{"q": SUPPLIER}]
        queries += [
            {f"{field.name}__code__startswith": "costless"}
            for field in model._meta.fields
            if field.related_model is Supplier
        ]
        for query in queries:
            answer = client.get(path, query)
            rows = answer.context_data["cl"] if answer.status_code == HTTPStatus.OK else None
            if rows and rows.result_count and ("q" not in query or rows.search_fields):
                told[path] = query
    found = client.get(reverse("admin:search"), {"s": SUPPLIER}).content.decode()

    assert told == {}
    assert SUPPLIER not in found


@pytest.mark.usefixtures("costly_world")
def test_a_key_without_the_scope_of_costs_reads_none(client):
    hidden = {Scope.COSTS_READ, Scope.SUPPLIERS_READ}
    with time_machine.travel(NOON, tick=True):
        key = make_api_key(*(scope for scope in Scope.values if scope not in hidden))
        secret, found, opened = secrets(), {}, 0
        for path in {one.path for one in addresses() if one.path.startswith("/api/")}:
            answer = client.get(path, headers={"authorization": f"Bearer {key}"})
            assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, path
            if answer.status_code == HTTPStatus.OK:
                opened += "/admin/" in path
                if shown := leaks_of(answer, secret):
                    found[path] = shown

    assert opened > 10
    assert found == {}
