from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from catalog.models import Listing
from suppliers.models import Connection, Supplier, SupplierOffer, SyncRun
from tests.suppliers.connectors.feed.conftest import FIELDS
from tests.suppliers.connectors.feed.test_hostile_files import BAD, sync_all


def test_absurd_terms_are_left_out_of_the_offer(supplier, hand_in):
    fields = {
        **{name: FIELDS[name] for name in ("sku", "title", "cost", "stock")},
        "msrp": {"column": "MSRP"},
        "map": {"column": "MAP"},
        "lead_days": {"column": "Days"},
        "minimum": {"column": "Minimum"},
        "pack": {"column": "Pack"},
    }
    options = supplier.connection.options
    options["mapping"] = {"fields": fields, "country": "DE"}
    Connection.objects.update(options=options)
    supplier = Supplier.objects.get()
    hand_in((BAD / "terms.csv").read_bytes())

    runs = sync_all(supplier)

    assert [run.status for run in runs] == [SyncRun.Status.APPLIED] * 3, [r.problem for r in runs]
    columns = ("msrp_amount", "map_amount", "min_order_units", "pack_size", "lead_days")
    stored = {
        offer.supplier_sku: tuple(getattr(offer, column) for column in columns)
        for offer in SupplierOffer.objects.all()
    }
    assert stored == {
        "GOOD-1": (Decimal("19.90"), Decimal("17.90"), 2, 2, 3),
        "GOOD-2": (Decimal("0.01"), Decimal("0.01"), 1, 1, 0),
        "TINY-1": (None, None, 1, 1, 1),
        "TINY-2": (None, None, 1, 1, 1),
        "ZERO-1": (None, None, 1, 1, 0),
        **dict.fromkeys(("MINUS-1", "HUGE-1", "WORDS-1", "OTHER-1"), (None, None, 1, 1, None)),
    }


def test_changed_restock_date_is_stored_and_published(supplier, hand_in):
    fields = {**FIELDS, "restock": {"column": "ETA"}}
    options = {**supplier.connection.options, "mapping": {"fields": fields, "country": "DE"}}
    Connection.objects.update(options=options)
    supplier = Supplier.objects.get()
    file = "SKU;Name;Price;Stock;Description;ETA\nA-1;Headlamp Trail 400;9.10;0;A lamp.;{}\n"

    first = timezone.now().date() + timedelta(days=9)
    dates = [first, first + timedelta(days=7), None]

    found = []
    for restock_on in dates:
        hand_in(file.format(restock_on or "").encode())
        sync_all(supplier)
        found.append((SupplierOffer.objects.get().restock_on, Listing.objects.get().restock_on))

    assert found == [(each, each) for each in dates]
