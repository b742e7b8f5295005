"""Price book admin and price hold admin: what staff see and change."""

import html
import re
from decimal import Decimal

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from catalog.listings import repricing
from catalog.models import Listing, PriceBook, PriceHold, PriceRule
from catalog.price_books import dry_run
from tests.factories.catalog import make_channel
from tests.factories.priced_shop import stock_shop
from tests.factories.suppliers import make_supplier

pytestmark = pytest.mark.django_db
CHANNEL = {
    "name": "Fara",
    "default_language": "en",
    "safety_stock": "0",
    "low_stock_units": "5",
    "max_split_locations": "1",
}


def page(name, what="changelist", *args):
    return reverse(f"admin:catalog_{name}_{what}", args=args)


@pytest.fixture
def listings():
    return stock_shop("10.00", "20.00")


def draft(staff):
    staff.post(page("channel", "new_draft", make_channel().pk))
    return PriceBook.objects.get(status="draft")


def go_live(staff, **limits):
    book = draft(staff)
    PriceBook.objects.filter(pk=book.pk).update(**limits)
    dry_run.run(book=PriceBook.objects.get(pk=book.pk), now=timezone.now())
    staff.post(page("pricebook", "go_live", book.pk))


def rule(book, **changes):
    return {
        "book": book.pk,
        "number": 2,
        "basis": "cost",
        "method": "margin",
        "value": "0.40",
        "tiers": "15: 0.45",
        "step": "1",
        "ending": "0.99",
        "raise_rate": "0",
        "lower_rate": "0",
        **changes,
    }


def test_staff_draft_dry_run_open_and_roll_back_a_book(staff, listings, started):
    before = [listing.price_amount for listing in listings]
    book = draft(staff)
    category = listings[0].variant.product.category_id
    staff.post(page("pricerule", "add"), rule(book, category=category))
    unseen = staff.post(page("pricebook", "go_live", book.pk)).content.decode()
    staff.post(page("pricebook", "dry_run", book.pk))
    dry_run.run(book=PriceBook.objects.get(pk=book.pk), now=timezone.now())
    seen = staff.get(page("pricebook", "dry_run", book.pk)).content.decode()
    download = staff.get(page("pricebook", "dry_run", book.pk) + "?csv=1")
    assert download["Content-Disposition"].startswith("attachment; filename=")
    lines = download.getvalue().decode("utf-8-sig").splitlines()

    staff.post(page("pricebook", "go_live", book.pk))
    repricing.reprice_due_channels(now=timezone.now())
    raised = list(Listing.objects.order_by("pk").values_list("price_amount", flat=True))
    staff.post(page("pricebook", "roll_back", PriceBook.objects.get(version=1).pk))
    repricing.reprice_due_channels(now=timezone.now())

    assert "Start a dry run first" in unseen
    assert "Largest changes" in seen
    assert listings[1].variant.sku in seen
    assert (len(lines), lines[0]) == (3, ",".join(dry_run.HEADINGS))
    assert raised == [Decimal("25.99"), Decimal("50.99")]
    assert list(Listing.objects.order_by("pk").values_list("price_amount", flat=True)) == before
    assert [name for name, _ in started] == [
        "run_dry_run",
        "reprice_due_channels",
        "reprice_due_channels",
    ]
    assert PriceBook.objects.get(status="live").version == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"method": "margin", "value": "1.20"}, "A margin must be between 0 and 1."),
        ({"basis": "msrp"}, "A margin can only be based on the landed cost."),
        ({"ending": "1.00"}, "The ending must be lower than the step."),
        ({"tiers": "cheap"}, "Use the format 20: 0.35, 100: 0.30"),
        ({"is_promotion": "on"}, "An announced discount needs a start and an end."),
    ],
)
def test_an_invalid_rule_is_explained(staff, listings, changes, said):
    book = draft(staff)

    answer = staff.post(page("pricerule", "add"), rule(book, **changes))

    assert said in answer.content.decode()
    assert book.rules.count() == 1


def test_a_rule_of_a_live_book_cannot_be_edited(staff, listings):
    live = PriceRule.objects.get()

    answer = staff.post(page("pricerule", "change", live.pk), rule(live.book))

    assert answer.status_code == 403


def test_a_price_below_the_minimum_margin_needs_a_reason(staff, listings):
    go_live(staff, max_change_per_run=Decimal("0.05"), floor_margin_rate=Decimal("0.28"))
    Listing.objects.filter(pk=listings[0].pk).update(wholesale_amount=Decimal("12.00"))
    repricing.reprice_due_channels(now=timezone.now())
    hold = PriceHold.objects.get()
    before = Listing.objects.get(pk=listings[0].pk).price_amount

    staff.post(page("pricehold", "keep", hold.pk), {"reason": ""})
    still = PriceHold.objects.get().status
    staff.post(page("pricehold", "keep", hold.pk), {"reason": "A fair in May."})
    shown = staff.get(page("listing", "explain", listings[0].pk)).content.decode()

    assert (before, still, PriceHold.objects.get().status) == (None, "open", "price_kept")
    assert Listing.objects.get(pk=listings[0].pk).price_amount == listings[0].price_amount
    for words in ("A fair in May.", "Landed cost", "€21.99", "30 % margin over landed cost"):
        assert words in shown
    assert "Kept below the minimum margin" in shown
    assert staff.get(page("pricechange")).status_code == 200


def decide_all(staff, holds, *, action="approve_all", query="", changed=None):
    """Confirm the preview of an action for these holds; ``changed`` gets another suggestion first."""
    chosen = {"action": action, "_selected_action": [hold.pk for hold in holds]}
    preview = staff.post(page("pricehold") + query, chosen).content.decode()
    seen = re.findall(r'name="shown" value="([^"]+)"', preview)
    if changed:
        PriceHold.objects.filter(pk=changed.pk).update(proposed_amount=F("proposed_amount") + 1)
    return staff.post(page("pricehold") + query, {**chosen, "shown": seen}, follow=True)


def test_staff_approve_one_stopped_price_and_reject_another(staff, listings):
    go_live(staff, max_change_per_run=Decimal("0.05"))
    Listing.objects.update(wholesale_amount=Decimal("12.00"))
    repricing.reprice_due_channels(now=timezone.now())
    up, down = PriceHold.objects.order_by("listing")

    decide_all(staff, [up])
    staff.post(page("pricehold", "reject", down.pk), {"reason": "No."})

    assert list(Listing.objects.order_by("pk").values_list("price_amount", flat=True)) == [
        Decimal("24.99"),
        listings[1].price_amount,
    ]
    assert dict(PriceHold.objects.values_list("pk", "status")) == {
        up.pk: "approved",
        down.pk: "rejected",
    }


def test_a_suggestion_that_changed_since_its_page_is_not_approved(staff, listings):
    go_live(staff, max_change_per_run=Decimal("0.05"))
    Listing.objects.update(wholesale_amount=Decimal("12.00"))
    repricing.reprice_due_channels(now=timezone.now())
    hold = PriceHold.objects.order_by("listing").first()
    approve = page("pricehold", "approve", hold.pk)
    shown = staff.get(approve).context["form"]["proposed"].value()
    PriceHold.objects.filter(pk=hold.pk).update(proposed_amount=shown + 1)

    refused = staff.post(approve, {"proposed": shown}).content.decode()
    status = PriceHold.objects.get(pk=hold.pk).status

    assert "calculated again. Reload the page." in refused
    assert status == "open"


@pytest.mark.parametrize("action", ["approve_all", "reject_all"])
def test_selected_prices_are_shown_first_and_decided_as_shown(staff, listings, action):
    go_live(staff, max_change_per_run=Decimal("0.05"))
    Listing.objects.update(wholesale_amount=Decimal("12.00"))
    repricing.reprice_due_channels(now=timezone.now())
    first, second = PriceHold.objects.order_by("listing")
    chosen = {"action": action, "_selected_action": [first.pk, second.pk]}

    preview = staff.post(page("pricehold"), chosen).content.decode()
    undecided = set(PriceHold.objects.values_list("status", flat=True))
    done = decide_all(staff, [first, second], action=action, changed=second).content.decode()

    assert "2 of 2 selected prices" in preview
    assert "€24.99" in preview
    assert undecided == {"open"}
    assert "1 done." in done
    assert "calculated again" in done
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.status in {"approved", "rejected"}
    assert second.status == "open"


def test_an_action_tells_of_selected_rows_that_others_resolved_meanwhile(staff, listings):
    go_live(staff, max_change_per_run=Decimal("0.05"))
    Listing.objects.update(wholesale_amount=Decimal("12.00"))
    repricing.reprice_due_channels(now=timezone.now())
    first, second = PriceHold.objects.order_by("listing")
    staff.post(page("pricehold", "reject", second.pk), {"reason": "No."})

    shown = decide_all(staff, [first, second], query="?status__exact=open").content.decode()

    assert "1 done." in shown
    assert "1 item was already resolved." in shown


def test_a_changed_selling_cost_reprices_everything(staff, listings):
    terms = make_channel().selling_costs.get()
    form = {field: getattr(terms, field) for field in ("channel_fee_rate", "tax_rate")}
    zero = dict.fromkeys(
        (
            "supplier_fee_rate",
            "supplier_fee_amount",
            "freight_amount",
            "payment_fee_rate",
            "payment_fee_amount",
        ),
        "0",
    )

    staff.post(
        page("sellingcosts", "change", terms.pk), {**zero, **form, "handling_amount": "5.00"}
    )
    repricing.reprice_due_channels(now=timezone.now())

    # 10 + 5 + the statutory duty, because the field is empty
    assert Listing.objects.order_by("pk").first().price_amount == Decimal("31.99")


def test_selling_costs_need_an_existing_supplier_and_origin(staff):
    answer = staff.post(page("sellingcosts", "add"), {"supplier_code": "acmee", "origin": "XX"})

    errors = answer.context["adminform"].form.errors
    assert "No supplier has the code acmee" in errors["supplier_code"][0]
    assert "XX is not a country code" in errors["origin"][0]


def test_a_rule_needs_an_existing_supplier(staff):
    make_supplier("acme")
    book = draft(staff)

    wrong = staff.post(page("pricerule", "add"), rule(book, supplier_code="acmee"))
    staff.post(page("pricerule", "add"), rule(book, supplier_code="acme"))

    assert (
        "No supplier has the code acmee"
        in wrong.context["adminform"].form.errors["supplier_code"][0]
    )
    assert PriceRule.objects.filter(book=book, supplier_code="acme").exists()


def test_the_form_of_a_new_channel_offers_the_defaults(staff):
    form = staff.get(page("channel", "add")).context["adminform"].form
    offered = [form[name].value() for name in ("low_stock_units", "max_split_locations")]
    assert offered == [5, 1]


def test_changed_countries_of_a_channel_reprice_everything_and_a_name_does_not(staff, listings):
    channel = make_channel()
    form = {**CHANNEL, "default_country": "DE", "countries": "DE"}
    staff.post(page("channel", "change", channel.pk), form)
    channel.refresh_from_db()
    asked, channel.reprice_requested_at = channel.reprice_requested_at, None
    channel.save()

    staff.post(page("channel", "change", channel.pk), {**form, "name": "Light"})

    channel.refresh_from_db()
    assert (asked is None, channel.reprice_requested_at, channel.name) == (False, None, "Light")
    assert channel.countries == ["DE"]


@pytest.mark.parametrize(
    ("usual", "chosen", "words"),
    [
        ("DE", "AT", "Include the default country DE."),
        ("de", "UK", "UK is not a country code"),
        ("XX", "DE", "XX is not a country code"),
    ],
)
def test_a_channel_must_deliver_to_its_default_country(staff, usual, chosen, words):
    channel = make_channel(default_country="AT", countries=["AT"])
    sent = {**CHANNEL, "default_country": usual, "countries": chosen}

    refused = staff.post(page("channel", "change", channel.pk), sent)

    assert words in html.unescape(refused.content.decode())
    staff.post(
        page("channel", "change", channel.pk),
        sent | {"default_country": "de", "countries": "at de"},
    )
    channel.refresh_from_db()
    assert (channel.default_country, channel.countries) == ("DE", ["AT", "DE"])
