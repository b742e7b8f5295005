"""Pages of settling rules: enter, preview, switch on, log, undo, and rights."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from storefront.dashboard.inbox.history import recording
from storefront.dashboard.inbox.settling import running
from storefront.dashboard.models import SettlingRule, SettlingRun
from tests.factories.accounts import make_staff
from tests.factories.inbox_items import ITEMS
from tests.factories.suppliers import NOON, make_supplier
from tests.storefront.dashboard.inbox.settling.conftest import HELD, hold, loss, make_rule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "started")]
ADD = reverse("admin:dashboard_settlingrule_add")
WAIVE = f"{HELD}:waive"
ENTERED = {"name": "small losses", "act": WAIVE, "max_failures": "3", "currency": ""}
LIMITS = {"max_amount": "2", "max_daily_amount": "20", "currency": "EUR"}


def enter(client, **changes):
    return client.post(ADD, ENTERED | changes, follow=True).content.decode()


def url(action, row):
    name = f"{row._meta.label_lower.replace('.', '_')}_{action}"
    return reverse(f"admin:{name}", args=[row.pk])


def test_a_new_rule_is_off_until_staff_saw_its_dry_run(staff):
    fits, other = hold(loss("1.00")), hold(loss("3.00"))
    assert "The rule is off" in enter(staff, **LIMITS)
    rule = SettlingRule.objects.get()
    assert (rule.cause, rule.action, rule.is_on) == (HELD, "waive", False)

    preview = staff.get(url("preview", rule)).content.decode()
    assert "The rule would act on 1 item" in preview
    assert preview.index(fits.number) < preview.index("It would leave 1 item for staff")
    assert preview.index(other.number) < preview.index("More than €2.00")
    assert "cannot be undone" in preview
    assert url("switch_on", rule) in preview

    asked = staff.get(url("switch_on", rule)).content.decode()
    assert "acts on 1 present item within a minute" in asked
    assert "cannot be undone" in asked
    staff.post(url("switch_on", rule))
    rule.refresh_from_db()
    assert rule.is_on
    assert url("switch_on", rule) not in staff.get(url("preview", rule)).content.decode()

    change = reverse("admin:dashboard_settlingrule_change", args=[rule.pk])
    staff.post(change, ENTERED | LIMITS | {"max_amount": "1"})
    rule.refresh_from_db()
    assert not rule.is_on, "a changed rule is off"
    staff.post(url("switch_on", rule))
    staff.post(url("switch_off", rule))
    rule.refresh_from_db()
    assert not rule.is_on


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "Enter how much one item may cost."),
        ({"max_amount": "2", "currency": "EUR"}, "enter a limit per day"),
        ({"max_amount": "2", "max_daily_amount": "5"}, "Choose the currency"),
        (LIMITS | {"max_amount": "0"}, "Enter more than 0."),
        (LIMITS | {"max_daily_amount": "1.99"}, "Enter at least what one item may cost."),
        ({"act": "price_blocked:reject", "max_daily_amount": "5"}, "Enter how much one item"),
        ({"act": "address_to_erase:mark_sent"}, "Select a valid choice"),
        ({"act": ""}, "This field is required"),
        ({"max_failures": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_rule_needs_limits_that_its_action_can_keep(staff, changes, message):
    assert message in enter(staff, **changes)
    assert not SettlingRule.objects.exists()


def test_a_limit_that_is_no_amount_has_one_message(staff):
    page = enter(staff, **LIMITS | {"max_amount": "99999999999"})

    assert "no more than 10 digits" in page
    assert "Enter how much one item may cost." not in page


def test_a_condition_must_fit_the_issue(staff):
    supplier = make_supplier()
    text = enter(staff, act="price_blocked:reject", supplier=str(supplier.pk))
    assert "Items of this issue have no supplier." in text
    channel = hold(loss("1.00")).order.channel
    text = enter(staff, act="stock_stale:sync_stock", channel=str(channel.pk))
    assert "Items of this issue have no channel." in text


def test_the_log_shows_what_a_rule_did_and_undoes_it_where_possible(staff, shared_world):
    ITEMS["price_blocked"]()
    make_rule(cause="price_blocked", action="reject", max_amount=None, max_daily_amount=None)
    recording.record(now=NOON)
    running.run_all(now=NOON)
    done = SettlingRun.objects.get()
    log = staff.get(reverse("admin:dashboard_settlingrun_changelist")).content.decode()
    assert done.name in log
    page = reverse("admin:dashboard_settlingrun_change", args=[done.pk])
    assert url("undo", done) in staff.get(page).content.decode()
    assert staff.get(url("open_item", done)).status_code == 302

    staff.post(url("undo", done))
    done.refresh_from_db()
    assert (done.status, done.undone_by) == ("undone", "staff@fara.example")
    assert url("undo", done) not in staff.get(page).content.decode()


def test_staff_need_the_right_to_run_the_action_by_hand(client):
    rule = make_rule(is_on=False)
    rights = ("view_settlingrule", "change_settlingrule", "add_settlingrule", "view_costs")
    client.force_login(make_staff("ann", *rights))
    assert "Select a valid choice" in enter(client, **LIMITS, name="other")
    assert client.get(url("preview", rule)).status_code == 403
    assert client.post(url("switch_on", rule)).status_code == 403

    bob = make_staff("bob", "change_settlingrule")
    bob.user_permissions.remove(Permission.objects.get(codename="view_costs"))
    client.force_login(bob)
    change = reverse("admin:dashboard_settlingrule_change", args=[rule.pk])
    assert client.get(change).status_code == 403, "no costs"
    SettlingRule.objects.update(action="gone")
    client.force_login(make_staff("cem", *rights))
    assert client.get(url("preview", rule)).status_code == 403
    assert client.post(url("switch_on", rule)).status_code == 403
    rule.refresh_from_db()
    assert not rule.is_on


def test_undo_needs_the_right_to_change_the_record(client, shared_world):
    ITEMS["price_blocked"]()
    make_rule(cause="price_blocked", action="reject", max_amount=None, max_daily_amount=None)
    recording.record(now=NOON)
    running.run_all(now=NOON)
    rights = ("view_settlingrun", "change_settlingrun", "view_costs")
    client.force_login(make_staff("ann", *rights))

    assert client.post(url("undo", SettlingRun.objects.get())).status_code == 403


def test_a_rule_starts_at_the_items_of_its_issue(staff, client):
    hold(loss("1.00"))
    offered = reverse("admin:dashboard_settlingrule_add") + f"?act={WAIVE}"
    page = reverse("supply:waiting", args=[HELD])
    assert offered in staff.get(page).content.decode()
    assert f'<option value="{WAIVE}" selected>' in staff.get(offered).content.decode()
    assert (
        "Add rule"
        not in staff.get(reverse("supply:waiting", args=["feed_issues"])).content.decode()
    )

    client.force_login(make_staff("ann", "change_purchaseorder", "view_purchaseorder"))
    assert "Add rule" not in client.get(page).content.decode()


def test_a_rule_that_acted_stays_with_its_log(staff):
    rule = make_rule()
    hold(loss("1.00"))
    recording.record(now=NOON)
    running.run_all(now=NOON)

    assert url("delete", rule) not in staff.get(url("change", rule)).content.decode()
    assert staff.post(url("delete", rule), {"post": "yes"}).status_code == 403
    assert SettlingRun.objects.get().rule == rule

    unused = make_rule(name="unused")
    staff.post(url("delete", unused), {"post": "yes"})
    assert list(SettlingRule.objects.all()) == [rule]


def test_a_rule_of_a_former_release_shows_its_codes(staff):
    make_rule(cause="gone", action="former")
    assert (
        "former" in staff.get(reverse("admin:dashboard_settlingrule_changelist")).content.decode()
    )
