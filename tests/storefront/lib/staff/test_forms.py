"""Admin forms: fields have labels and groups; rows are named by what they belong to."""

import re
from copy import copy
from decimal import Decimal

import pytest
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import connection
from django.forms.utils import pretty_name
from django.test.utils import CaptureQueriesContext

from catalog.models import SellingCosts
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import OTHER_TITLE, READ_ONLY_TITLE
from suppliers.connectors import CONNECTORS
from suppliers.models import Connection, ShippingService, StockLocation, Supplier, SyncRun
from tests.factories.suppliers import NOON, make_supplier
from tests.support.admin_forms import page

pytestmark = pytest.mark.django_db
admin.autodiscover()
# Names that are labels by themselves.
PLAIN = {"channel", "code", "currency", "file", "name", "note", "number", "rate", "supplier"}
PLAIN |= {"book", "brand", "document", "groups", "password", "product", "title", "value", "variant"}
PLAIN |= {"brands", "categories", "combines", "country", "products", "promotion", "region"}
PLAIN |= {"scheme", "address", "company", "language", "page", "phone", "text"}
PLAIN |= {"ending", "step", "tiers"}  # explained by a help text
PLAIN |= {"default_country", "minimum_margin", "position", "schedule", "secret", "source"}
PLAIN |= {"category", "method", "status", "valid_from", "valid_until", "restricted_countries"}
PLAIN |= {"accepts_returns", "calls_per_second", "countries", "issuer", "price_outlier_factor"}
PLAIN |= {"carrier", "color", "family", "lithium", "option_names", "replaced_by"}
PLAIN |= {"default_language", "host", "order_days", "path", "permissions", "prices_exclude_tax"}
PLAIN |= {"platform", "time_zone", "bank", "freight", "goods", "tax"}


NAMED = {"Supplier", "Connection", "QuarantineThresholds", "ShippingService", "PriceRule, new"}


def fields_without_label(form):
    """Return the fields of a form without label or help text.

    Or with a full stop in the label: Django leaves out the mark of a required field after it.
    """
    return {
        name
        for name, field in form.base_fields.items()
        if not isinstance(field.widget, forms.HiddenInput)
        and (
            not field.help_text
            or str(field.label).endswith(".")
            or str(field.label) in {"None", *guessed(name)}
        )
    }


def guessed(name):
    return () if name in PLAIN else (pretty_name(name), pretty_name(name).lower())


def test_every_editable_field_has_label_and_help_text(shared_world, staff_request):
    found = {}
    for model, table in admin.site._registry.items():
        row = model.objects.order_by("-pk").first() or model()
        if table.has_add_permission(staff_request):
            form = table.get_form(staff_request, None)
            found[f"{model.__name__}, new"] = fields_without_label(form)
        if table.has_change_permission(staff_request, row):
            form = table.get_form(staff_request, row, change=True)
            found[model.__name__] = fields_without_label(form)

    assert found.keys() >= NAMED
    assert {name: missing for name, missing in found.items() if missing} == {}
    api_connection = Connection.objects.select_related("supplier").get()
    for adapter in CONNECTORS:
        api_connection.supplier.adapter = adapter
        form = admin.site._registry[Connection].get_form(staff_request, api_connection, change=True)
        assert fields_without_label(form) == set(), adapter


def test_a_wrong_number_is_explained_without_the_name_of_a_constraint(shared_world, staff_request):
    shown, tried = set(), set()
    for model, table in admin.site._registry.items():
        row = model.objects.order_by("pk").first()
        if row is None or not table.has_change_permission(staff_request, row):
            continue
        form = table.get_form(staff_request, row, change=True)
        values = {part.html_name: part.value() for part in form(instance=row)}
        sent = {name: value for name, value in values.items() if value is not None}
        for name, field in form.base_fields.items():
            if isinstance(field, forms.IntegerField):  # a decimal is one too
                tried.add(model.__name__)
                for wrong in ("-5", "150"):
                    errors = form({**sent, name: wrong}, instance=copy(row)).errors
                    shown |= set(re.findall(r"Constraint “\w+”", str(errors)))

    assert tried >= {"Supplier", "ShippingService", "SellingCosts"}
    assert shown == set()


def test_a_fee_in_percent_is_refused():
    fees = SellingCosts(origin="*", supplier_code="*", payment_fee_rate=Decimal("2.9"))

    with pytest.raises(ValidationError, match="fractions below 1"):
        fees.validate_constraints(exclude={"channel"})


def test_a_second_user_with_an_email_address_is_refused(staff):
    form = {"email": "STAFF@fara.example", "password1": "Lamp-4711-x", "password2": "Lamp-4711-x"}

    shown = staff.post(page("accounts_user", "add"), form).content.decode()

    assert "Another user has this e-mail address." in shown


def test_editable_fields_are_grouped_and_read_only_ones_come_last(shared_world, staff_request):
    for model, table in admin.site._registry.items():
        row = model.objects.order_by("pk").first() or model()
        if not isinstance(table, StaffAdmin) or not table.has_change_permission(staff_request, row):
            continue
        groups = table.get_fieldsets(staff_request, row)
        shown = [name for _title, group in groups for name in group["fields"]]

        assert all(title for title, _group in groups), model
        assert len(shown) == len(set(shown)), model
        assert set(shown) == set(table.get_fields(staff_request, row)), model
        assert OTHER_TITLE not in [title for title, _group in groups], model
        assert all(title != READ_ONLY_TITLE for title, _group in groups[:-1]), model


def test_supplier_page_is_translated_and_its_inline_rows_are_named_and_linked(shared_world, staff):
    place = StockLocation.objects.select_related("supplier").get()
    url = page("suppliers_supplier", "change", place.supplier_id)

    shown = staff.get(url).content.decode()
    staff.cookies["django_language"] = "az"
    azerbaijani = staff.get(url).content.decode()

    assert "Stock freshness" in shown
    assert "Stock is fresh for (min)" in shown
    assert "Stock fresh for min" not in shown
    assert "Qalığın təzəliyi" in azerbaijani
    assert str(place) not in shown
    link = page("suppliers_stocklocation", "change", place.pk)
    assert f'<a href="{link}">{place.code}</a>' in shown


def make_run(supplier, **words):
    moments = {"status_since": NOON, "started_at": NOON, "lease_until": NOON}
    return SyncRun.objects.create(
        supplier=supplier, **{"kind": "stock", "status": "applied", **moments, **words}
    )


def test_run_is_named_by_its_supplier_and_shows_its_documents(shared_world, staff):
    supplier = Supplier.objects.get()
    profile = {"rows": 4_210, "as_of": NOON.isoformat(), "is_delta": False, "kinds": {"a": "text"}}
    closed = "The connection was closed."
    run = make_run(supplier, profile=profile, calls={"stock_page": 7}, problem=closed)

    shown = staff.get(page("suppliers_syncrun", "change", run.pk)).content.decode()

    assert str(run).startswith(f"Stock of {supplier.name}, ")
    for words in (str(run), "Valid rows", "4210", "stock page", "a: text", closed):
        assert words in shown
    for raw in ("&quot;rows&quot;", NOON.isoformat(), "is_delta"):
        assert raw not in shown
    places = [shown.index(words) for words in (closed, "Rows read", "Lease expires at")]
    assert places == sorted(places)


def test_naming_a_row_takes_no_query(shared_world, staff):
    names = ("stocklevel", "shippingservice", "pendingchange", "stocklocation")
    urls = [page(f"suppliers_{name}") for name in names]
    urls.append(page("suppliers_shippingservice", "add"))

    def count_queries(url):
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(url).status_code == 200
        return len(queries)

    [count_queries(url) for url in urls]  # queries that a process runs once
    once = {url: count_queries(url) for url in urls}
    for number in range(3):
        other = make_supplier(code=f"other-{number}")
        StockLocation.objects.create(supplier=other, code="PL", country="PL")
        run = make_run(other)
        run.changes.create(kind="stock", row="A", old=1, new=2)

    assert {url: count_queries(url) for url in urls} == once
    assert "other-2:PL" in staff.get(urls[-1]).content.decode()


def test_country_list_is_parsed_and_formatted(shared_world, staff):
    service = ShippingService.objects.get()
    url = page("suppliers_shippingservice", "change", service.pk)
    form = staff.get(url).context["adminform"].form
    given = {name: form.initial[name] for name in form.fields if form.initial[name] is not None}
    given |= {"countries": "de, at,DE"}

    wrong = staff.post(url, given | {"countries": "Germany"})
    right = staff.post(url, given)

    assert "GERMANY is not a country code" in wrong.content.decode()
    assert right.status_code == 302, right.context["errors"]
    service.refresh_from_db()
    assert service.countries == ["DE", "AT"]
    assert 'value="DE, AT"' in staff.get(url).content.decode()
    staff.post(url, given | {"countries": ""})
    service.refresh_from_db()
    assert service.countries == []


def test_a_maximum_transit_time_below_the_minimum_is_an_error_of_its_field(shared_world, staff):
    url = page("suppliers_shippingservice", "change", ShippingService.objects.get().pk)
    form = staff.get(url).context["adminform"].form
    given = {name: form.initial[name] for name in form.fields if form.initial[name] is not None}
    given |= {"countries": "DE", "min_days": "5", "max_days": "4"}

    answer = staff.post(url, given)

    assert answer.context["adminform"].form.errors == {
        "max_days": ["Enter at least the minimum transit time."]
    }


def test_text_that_is_no_id_in_an_autocomplete_field_is_an_error_of_the_form(staff):
    answer = staff.post(page("catalog_pricerule", "add"), {"product": "no id", "brand": "9" * 30})

    assert answer.status_code == 200
    assert {"product", "brand"} <= answer.context["adminform"].form.errors.keys()
