from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.competitors import matching, price_import
from catalog.competitors.csv_format import UnreadableFileError
from catalog.competitors.labels import message
from catalog.listings import repricing
from catalog.models import (
    CompetitorPrice,
    CompetitorPriceChange,
    CompetitorPriceList,
    RepricingRequest,
)
from catalog.pricing import market
from tests.factories.catalog import (
    NOON,
    make_channel,
    make_exchange_rate,
    make_listing,
    make_variant,
)
from tests.factories.competitors import make_competitor_file, make_competitor_price, make_identifier
from tests.factories.priced_shop import drafted, open_and_reprice, prices, stock_shop

pytestmark = pytest.mark.django_db
HEAD = "competitor,sku,gtin,brand,mpn,price,currency,as_of\n"
DAY = timedelta(days=1)


def take_in(rows, *, head=HEAD, now=NOON):
    file = make_competitor_file(head + rows, now=now)
    return price_import.import_list(file=file, actor="ann", now=now).counts


def signals(channel, *variants, now=NOON):
    available = {variant.pk: 9 for variant in variants}
    return market.load_signals(channel=channel, available=available, now=now)


def follow(rate="0"):
    """Let the live book follow competitors."""
    book = drafted("0.30")
    book.rules.update(undercut_rate=Decimal(rate))
    open_and_reprice(book)


def test_variants_match_by_sku_then_gtin_then_brand_and_mpn():
    by_sku, by_gtin, by_mpn = (make_variant() for _ in range(3))
    make_identifier(by_gtin)
    make_identifier(by_mpn, scheme="mpn", value="fara:h1")

    take_in(
        f"a.example,{by_sku.sku},,,,10,EUR,\n"
        "a.example,,4006381333931,,,11,EUR,\n"
        "a.example,,,FARA,H-1,12,EUR,\n"
    )

    found = CompetitorPrice.objects.order_by("amount")
    assert [(row.variant_id, row.matched_by, str(row.confidence)) for row in found] == [
        (by_sku.pk, "sku", "1.00"),
        (by_gtin.pk, "gtin", "0.95"),
        (by_mpn.pk, "mpn", "0.80"),
    ]


def test_ambiguous_lines_are_rejected_and_others_imported():
    one, other = make_variant(), make_variant()
    make_identifier(other)
    doubted = make_variant()
    make_identifier(doubted, scheme="mpn", value="fara:x9", state="conflict")
    file = make_competitor_file(
        f"{HEAD}a.example,{one.sku},4006381333931,,,10,EUR,\n"
        "a.example,,,Fara,X9,10,EUR,\n"
        f"a.example,{one.sku},,,,10,EUR,2027-01-01\n"
        f"a.example,{one.sku},,,,0,EUR,\n"
        f"a.example,{one.sku},,,,13,EUR,2026-11-22\n"
        f"a.example,{one.sku},,,,12,EUR,2026-11-23\n"
        f"b.example,{one.sku},,,,7,EUR,2026-11-17T12:00:00Z\n"
        f"c.example,{one.sku},,,,7,EUR,0001-01-01\n"
    )

    price_import.import_list(file=file, actor="ann", now=NOON)

    file.refresh_from_db()
    reasons = {line: message(code, values) for line, code, values in file.refused}
    assert "different products" in reasons[2]
    assert "No matching product" in reasons[3]
    assert "in the future" in reasons[4]
    assert "price must be above 0" in reasons[5]
    assert "Another row" in reasons[6]
    assert "older than 7 days" in reasons[8]
    assert "older than 7 days" in reasons[9]
    assert (file.counts["matched"], file.counts["refused"]) == (1, 7)
    assert CompetitorPrice.objects.get().amount == Decimal(12)


def test_the_same_list_writes_nothing_and_older_prices_change_nothing():
    variant = make_variant()
    row = f"a.example,{variant.sku},,,,10,EUR,2026-11-23\n"
    assert take_in(row)["changed"] == 1

    again = take_in(row)
    older = take_in(f"a.example,{variant.sku},,,,8,EUR,2026-11-20\n")
    newer = take_in(f"A.example,{variant.sku},,,,9,EUR,2026-11-24\n")

    assert (again["changed"], older["changed"], older["older"], newer["changed"]) == (0, 0, 1, 1)
    assert CompetitorPrice.objects.get().amount == Decimal(9)
    history = CompetitorPriceChange.objects.order_by("pk").values_list("amount", flat=True)
    assert list(history) == [Decimal(10), Decimal(9)]


def test_a_fast_clock_does_not_block_later_prices():
    variant = make_variant()
    take_in(f"a.example,{variant.sku},,,,10,EUR,2026-11-25T03:00:00Z\n")

    later = take_in(f"a.example,{variant.sku},,,,9,EUR,\n", now=NOON + timedelta(hours=1))

    assert later["changed"] == 1
    assert CompetitorPrice.objects.get().as_of == NOON + timedelta(hours=1)


def test_variants_deleted_during_the_import_are_reported_and_block_no_others(monkeypatch):
    gone, stays = make_variant(), make_variant()
    file = make_competitor_file(
        f"{HEAD}a.example,{gone.sku},,,,10,EUR,\na.example,{stays.sku},,,,10,EUR,\n"
    )
    found = matching.preview(file=file)
    gone.delete()
    monkeypatch.setattr(price_import, "preview", lambda **_: found)

    taken = price_import.import_list(file=file, actor="ann", now=NOON)

    assert [each.sku for each, _became in taken.outcomes] == [stays.sku]
    assert [(each.number, message(each.code, each.values)) for each in taken.rejected] == [
        (2, "The product was just removed.")
    ]
    assert CompetitorPrice.objects.get().variant == stays


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00", b"sku,price\n", HEAD.encode(), b"x" * (price_import.MAX_BYTES + 1)],
)
def test_an_invalid_file_is_not_stored(content):
    with pytest.raises(UnreadableFileError):
        price_import.store_list(name="x.csv", content=content, actor="ann", now=NOON)

    assert not CompetitorPriceList.objects.exists()


def test_the_lowest_current_and_confident_price_is_used():
    variant, channel = make_variant(), make_channel()
    make_competitor_price(variant, competitor="a", amount="25.00")
    make_competitor_price(variant, competitor="b", amount="21.00")
    make_competitor_price(
        variant, competitor="old", amount="9.00", as_of=NOON - market.MAX_COMPETITOR_PRICE_AGE
    )
    make_competitor_price(variant, competitor="doubtful", amount="8.00", confidence="0.79")
    make_competitor_price(variant, competitor="foreign", amount="7.00", currency="USD")

    assert signals(channel, variant)[variant.pk].competitor == Decimal("21.00")


def test_a_price_below_one_cent_is_ignored():
    channel = make_listing().channel
    variant = make_variant()
    make_exchange_rate(rate="0.004")
    make_competitor_price(variant, competitor="a", amount="1.00", currency="USD")
    assert variant.pk not in signals(channel, variant)

    make_competitor_price(variant, competitor="b", amount="25.00")

    assert signals(channel, variant)[variant.pk].competitor == Decimal("25.00")


@pytest.mark.parametrize(
    "shop", ["fara", " FARA ", "Fara  Lights", "fara.example", "www.fara.example"]
)
def test_our_own_shop_is_no_competitor(settings, shop):
    settings.PUBLIC_URL, settings.SHOP_NAMES = "https://www.fara.example", ["Fara", "Fara Lights"]
    variant = make_variant()
    head = "competitor,url,sku,price,currency\n"
    rows = (
        f"{shop},,{variant.sku},9,EUR\n"
        f"b.example,https://Fara.example:443/h1,{variant.sku},9,EUR\n"
        f"c.example,https://[fara.example,{variant.sku},20,EUR\n"
        f"notfara.example,https://notfara.example/,{variant.sku},21,EUR\n"
    )
    file = make_competitor_file(head + rows)

    taken = price_import.import_list(file=file, actor="ann", now=NOON)

    assert [(each.number, message(each.code, each.values)) for each in taken.rejected] == [
        (number, "This is our own shop.") for number in (2, 3)
    ]
    assert set(CompetitorPrice.objects.values_list("competitor", flat=True)) == {
        "c.example",
        "notfara.example",
    }


def test_foreign_and_net_prices_are_converted_for_comparison():
    channel = make_listing().channel
    foreign, bare = make_variant(), make_variant()
    make_exchange_rate(rate="0.5")
    make_competitor_price(foreign, amount="30.00", currency="USD")
    make_competitor_price(bare, amount="10.00", has_tax=False)

    found = signals(channel, foreign, bare)

    assert found[foreign.pk].competitor == Decimal("15.00")
    assert found[bare.pk].competitor == Decimal("11.90")


def test_a_new_price_reprices_its_variant_only():
    cheap, _ = stock_shop("10.00", "10.00")
    follow()
    assert prices() == [Decimal("21.99")] * 2

    take_in(f"a.example,{cheap.variant.sku},,,,18.99,EUR,\n")
    waiting = list(RepricingRequest.objects.values_list("variant", flat=True))
    counted = repricing.reprice_queued(now=NOON)

    assert (waiting, counted) == ([cheap.variant_id], 1)
    assert prices() == [Decimal("18.99"), Decimal("21.99")]
    assert not RepricingRequest.objects.exists()
    # After the price expires, it is not followed any more.
    repricing.reprice_due_channels(now=NOON + market.MAX_COMPETITOR_PRICE_AGE + DAY)
    assert prices() == [Decimal("21.99")] * 2


@pytest.mark.parametrize(
    ("row", "later", "waits"),
    [
        ("18.99,EUR", timedelta(hours=1), False),
        ("18.99,EUR,0.70", timedelta(hours=1), True),
        ("18.98,EUR", timedelta(hours=1), True),
        ("18.99,EUR", market.MAX_COMPETITOR_PRICE_AGE, True),
    ],
    ids=["the same price", "lower confidence", "another price", "an expired price"],
)
def test_a_confirmation_requests_no_repricing(row, later, waits):
    (listing,) = stock_shop("10.00")
    follow()
    head = "competitor,sku,price,currency,confidence\n"
    take_in(f"a.example,{listing.variant.sku},18.99,EUR\n", head=head)
    repricing.reprice_queued(now=NOON)

    take_in(f"a.example,{listing.variant.sku},{row}\n", head=head, now=NOON + later)

    assert RepricingRequest.objects.exists() is waits


def test_nothing_is_queued_if_no_rule_follows_the_market():
    (listing,) = stock_shop("10.00")

    take_in(f"a.example,{listing.variant.sku},,,,18.99,EUR,\n")

    assert not RepricingRequest.objects.exists()


def test_a_file_is_imported_by_command(tmp_path):
    variant = make_variant()
    path = tmp_path / "prices.csv"
    path.write_text(f"{HEAD}a.example,{variant.sku},,,,10,EUR,\na.example,no,,,,10,EUR,\n")
    said = StringIO()

    call_command("import_competitor_prices", "import", str(path), "--dry-run", stdout=said)
    assert not CompetitorPrice.objects.exists()
    call_command("import_competitor_prices", "import", str(path), stdout=said)

    assert "1 matched, 1 rejected" in said.getvalue()
    assert CompetitorPrice.objects.get().reported_by == "command line"
    path.write_text(f'[{{"shop": "b", "sku": "{variant.sku}", "price": 11.5, "currency": "EUR"}}]')
    call_command("import_competitor_prices", "import", str(path), stdout=said)
    assert CompetitorPrice.objects.get(competitor="b").amount == Decimal("11.50")
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_competitor_prices", "import", str(tmp_path / "none.csv"))
