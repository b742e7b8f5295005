"""Crawl: no staff page shows a cost or a supplier to staff without ``view_costs``."""

import html
import math
import re

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.http import HttpResponseForbidden
from django.test import Client
from django.urls import reverse

from orders.models import OrderLine
from storefront.accounts.models import User
from storefront.dashboard.login import forbidden
from storefront.dashboard.login.groups import GROUPS, create_groups
from storefront.identity import current
from storefront.lib.security.cost_rights import VIEW_COSTS
from tests.factories import full_shop, orders, suppliers
from tests.factories.accounts import make_staff
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON
from tests.support import database
from tests.support.module_world import module_world
from tests.support.url_map import addresses

pytestmark = pytest.mark.django_db
COST = "13.57"
SUPPLIER = "costless-supply"
ROWS = 2  # of each table: the last ones, which are unlike the first
WITHOUT_COSTS = [name for name, rights in GROUPS.items() if not {VIEW_COSTS, "*"} & {*rights}]


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
    connect(monkeypatch, ScriptedSupplier())
    monkeypatch.setattr(forbidden, "forbidden", lambda *_args: HttpResponseForbidden())
    with time_machine.travel(NOON, tick=True):
        yield


def secrets():
    """Return the pattern of the supplier's name and of all costs, as a page may write them."""
    amounts = {COST}
    for line in OrderLine.objects.exclude(landed_amount=None):
        margin = line.line_amount - line.landed_amount - line.fees_amount
        amounts |= {f"{amount:.2f}" for amount in (line.landed_amount, line.fees_amount, margin)}
    amounts -= {"0.00"}
    parts = [re.escape(one).replace(r"\.", "[.,]") for one in sorted(amounts)]
    return re.compile(rf"costless|(?<![\d.,])(?:{'|'.join(parts)})(?![\d])", re.IGNORECASE)


def staff_pages():
    """Yield the staff pages of the URL map, and pages of more rows of each table."""
    yield from (one.path for one in addresses() if one.is_staff_page)
    for model in list(admin.site._registry):
        meta = model._meta
        name = f"admin:{meta.app_label}_{meta.model_name}_change"
        for pk in model.objects.order_by("-pk").values_list("pk", flat=True)[:ROWS]:
            yield reverse(name, args=[pk])


def leaks(user):
    """Return what each page shows of the secrets, by the paths of the pages."""
    client = Client(raise_request_exception=False)
    client.force_login(user)
    secret, found = secrets(), {}
    for path in dict.fromkeys(staff_pages()):
        response = client.get(path)
        if response.status_code != 200:
            continue
        content = b"".join(response) if response.streaming else response.content
        text = html.unescape(content.decode(errors="replace"))
        shown = {
            text[max(0, match.start() - 80) : match.end() + 20] for match in secret.finditer(text)
        }
        if shown:
            found[path] = sorted(shown)[:3]
    return found


def member_of(name):
    create_groups()
    user = User.objects.create_user("member@fara.example", "a password", is_staff=True)
    user.groups.add(Group.objects.get(name=name))
    return user


@pytest.fixture
def new_groups(shop):
    from storefront.dashboard.models import DefaultGroup  # noqa: PLC0415

    DefaultGroup.objects.all().delete()
    Group.objects.all().delete()


@pytest.mark.parametrize("group", WITHOUT_COSTS)
def test_groups_without_costs_see_no_cost_and_no_supplier(new_groups, group):
    assert leaks(member_of(group)) == {}


@pytest.mark.full  # opens all pages
def test_all_view_permissions_but_costs_show_no_cost_and_no_supplier(shop):
    user = make_staff("viewer")
    user.user_permissions.set(Permission.objects.exclude(codename="view_costs"))

    assert leaks(user) == {}
