"""Routing rules: staff draft them, run a dry run and preview a cart."""

import re

import pytest
from django.urls import reverse

from orders.models import RoutingRules
from shipping.models import LiveRateLocation
from shipping.rates import quotes
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.orders import make_order, make_sellable
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def light():
    listing = make_sellable(quantity=9, cost="10.00")
    make_service()
    offer = make_offer(listing.variant, supplier=make_supplier("far"), cost="8.00")
    listing.far = make_level(offer, 9, make_location(offer.supplier, "CN", "CN"))
    make_service(listing.far.location)
    return listing


def given(**more):
    blank = dict.fromkeys(
        ("step_2", "step_3", "step_4", "step_5", "step_6", "preferred", "note"), ""
    )
    moments = {f"{name}_{part}": "" for name in ("starts_at", "ends_at") for part in (0, 1)}
    return {"channel": make_channel().pk, "step_1": "cost", **blank, **moments, **more}


def add(staff, **more):
    return staff.post(reverse("admin:orders_routingrules_add"), given(**more))


def page(name, *args):
    return reverse(f"admin:orders_routingrules_{name}", args=args)


def test_rules_are_drafted_and_published(staff, light):
    given = {"step_1": "preference", "step_2": "cost", "note": "Winter"}
    answer = add(staff, preferred="far, main", **given)
    assert answer.status_code == 200  # no supplier has this code
    assert "No supplier with this code: main." in answer.content.decode()

    answer = add(staff, preferred="far", **given)
    assert answer.status_code == 302, answer.context["adminform"].errors
    rules = RoutingRules.objects.get()
    assert (rules.criteria, rules.preferred) == (["preference", "cost"], ["far"])
    assert rules.note == "Winter"

    read = staff.get(page("change", rules.pk)).content.decode()
    assert "preferred supplier, then lowest landed cost" in read
    for verb, status in (("activate", "live"), ("retire", "retired")):
        staff.post(page(verb, rules.pk))
        rules.refresh_from_db()
        assert rules.status == status
    copy = staff.get(staff.get(page("copy_as_draft", rules.pk)).url).content.decode()
    assert 'value="far"' in copy


def test_invalid_rules_are_refused_with_a_message(staff, light):
    moments = {"starts_at_0": "2026-12-02", "ends_at_0": "2026-12-01"}
    moments |= {"starts_at_1": "00:00", "ends_at_1": "00:00"}

    for asked, words in (
        ({"step_1": ""}, "This field is required"),
        ({"step_2": "cost"}, "This criterion is already used above."),
        ({"min_margin_rate": "1"}, "Enter a fraction from 0 to below 1. 0.1 is 10 %."),
        ({"min_margin_rate": "-0.1"}, "Enter a fraction from 0 to below 1. 0.1 is 10 %."),
        (moments, "The end must be after the start."),
    ):
        assert words in add(staff, **asked).content.decode()
    assert not RoutingRules.objects.exists()


def test_dry_run_shows_changed_sources(staff, light):
    order = make_order(light, quantity=2)
    add(staff, step_1="distance")
    url = page("simulate", RoutingRules.objects.get().pk)

    days = {"since": NOON.date(), "until": NOON.date()}
    shown, yesterday, wrong = (
        staff.get(url, asked).content.decode() for asked in (days, {}, {"since": "x", "until": ""})
    )

    assert "1 of 1 order would ship from another location." in shown
    assert order.number in shown
    assert "far (CN)" in shown
    row = r'<th scope="row">.*?</th>.*?<td class="today-number">([^<]*)</td></tr>'
    more = re.findall(row, shown)
    assert len(more) == 4
    assert all(re.search(r"\d", difference) for difference in more)
    changed = shown[shown.index("Margin with these rules") :]
    margins = re.findall(r">(−?-?€[\d.]+)<", changed)
    assert len(margins) == 3  # higher cost, and the margin before and after
    assert margins[1] != margins[2]
    assert "The simulation cannot select them" in shown
    assert "No order in this period has stored routing candidates." in yesterday
    assert "Enter a valid date." in wrong


def test_margin_rule_shows_suppliers_below_it(staff, light):
    order = make_order(light, quantity=2)  # margin: 67 % from far, 61 % from home
    home = light.level.offer.supplier.code
    blank = staff.get(page("add")).content.decode()
    preference = {"step_1": "preference", "step_2": "cost", "preferred": home}
    add(staff, min_margin_rate="0.63", **preference)
    add(staff, step_1="cost")
    with_minimum, without_minimum = RoutingRules.objects.order_by("version")
    days = {"since": NOON.date(), "until": NOON.date()}
    cart = {"lines": f"{light.variant.sku} 2", "country": "DE", "rules": with_minimum.pk}

    read = staff.get(page("change", with_minimum.pk)).content.decode()
    tried = staff.get(reverse("supply:routing"), cart).content.decode()
    RoutingRules.objects.filter(pk=with_minimum.pk).update(min_margin_rate="0.7")
    all_below = staff.get(reverse("supply:routing"), cart).content.decode()
    copy = staff.get(staff.get(page("copy_as_draft", with_minimum.pk)).url).content.decode()

    assert 'name="min_margin_rate" value="0"' in blank
    assert "A location with a lower margin" in blank
    assert (str(with_minimum.min_margin_rate), without_minimum.min_margin_rate) == ("0.6300", None)
    assert "then lowest landed cost, with a margin of at least 63 % of the price" in read
    assert "% of the price), below the minimum of 63 %" in tried
    assert "no location reaches the minimum of 70 %" in all_below
    assert 'name="min_margin_rate" value="0.7000"' in copy

    RoutingRules.objects.filter(pk=with_minimum.pk).update(min_margin_rate="0.63")
    order.lines.update(level=light.level)  # as if it had shipped from home
    shown = staff.get(page("simulate", with_minimum.pk), days).content.decode()
    assert "Excluded by the minimum margin" in shown
    assert (
        f"{home} (DE): margin of €41.19 (61.3 % of the price), below the minimum of 63 %" in shown
    )


def test_cart_is_previewed_by_draft_rules(staff, client_factory, light):
    add(staff, step_1="distance")
    rules = RoutingRules.objects.get()
    sku = light.variant.sku
    other_sku = make_sellable(quantity=3).variant.sku

    def preview(lines, url=None, **more):
        url = url or reverse("supply:routing")
        return staff.get(url, {"lines": lines, "country": "DE", **more}).content.decode()

    usual = preview(f"{sku} 2")
    draft = staff.get(page("preview_with_cart", rules.pk)).url
    partly = preview(f"{sku} 2\n{other_sku} 200")

    assert '<th scope="row">Standard</th>' in usual
    assert "<strong>far, CN (CN): Selected</strong>" in usual
    assert "far, CN (CN): farther away" in preview(f"{sku} 2", draft, rules=rules.pk)
    assert "Maximum: 9" in preview(f"{sku} 200")
    assert "Unknown SKU: NO-1." in preview("NO-1 2\n")
    assert "Enter a SKU, a space and a quantity" in preview(f"{sku} x")
    assert "1 line cannot be fulfilled. See below." in partly
    assert "check_circle" not in partly.split("offers-answer")[1]
    for rights, status in (([], 403), (["view_routingrules"], 200)):
        clerk = client_factory()
        clerk.force_login(make_staff(f"clerk-{status}", *rights))
        assert clerk.get(reverse("supply:routing")).status_code == status


def test_rules_without_minimum_margin_say_how_to_set_one(staff, light):
    for least, words in (
        ("", "No minimum margin"),
        ("0", "No loss, if another location can ship the line."),
        ("0.1", "10 % of the price before tax, if another location"),
    ):
        add(staff, step_1="cost", min_margin_rate=least)
        rules = RoutingRules.objects.latest("version")
        text = staff.get(page("change", rules.pk)).content.decode()
        assert words in text
        assert "Duplicate as draft" in text


def test_page_says_that_a_real_cart_asks_for_live_freight(staff, light):
    def page_in(language="en"):
        return staff.get(
            reverse("supply:routing"),
            {"lines": f"{light.variant.sku} 2", "country": "DE"},
            headers={"accept-language": language},
        ).content.decode()

    words = "so the price may differ."
    here = LiveRateLocation.objects.create(location=light.level.location)
    quotes.clear_cache()
    assert words not in page_in()  # its parcel ships from the other location

    here.delete()
    LiveRateLocation.objects.create(location=light.far.location)
    quotes.clear_cache()
    assert words in page_in()
    assert "qiymət fərqli ola bilər." in page_in("az")


def test_order_page_explains_the_routing(staff, light):
    order = make_order(light)

    shown = staff.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()

    assert "Default rules: fewest parcels, then lowest landed cost, then earliest delivery" in shown
    for words in ("higher landed cost", "<strong>far (CN)", "Unpaid"):
        assert words in shown
    assert "not_paid" not in shown
