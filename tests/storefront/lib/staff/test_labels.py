"""Admin labels: all are translated sentences, in English and Azerbaijani."""

from datetime import timedelta

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.urls import reverse
from django.utils.translation import override

from catalog.listings import refresh
from catalog.models import PriceHold
from catalog.models.families import FamilyField
from storefront.lib.models import StatusChange
from suppliers.models import Supplier
from tests.factories.catalog import NOON, make_channel, make_price_rule, make_variant
from tests.factories.priced_shop import supplied
from tests.factories.pricing import make_price_book
from tests.factories.suppliers import make_supplier
from tests.support.locale import LOCALE

pytestmark = pytest.mark.django_db
admin.autodiscover()
TABLES = list(admin.site._registry.items())


@pytest.fixture(scope="module")
def translations():
    """Map our English texts to Azerbaijani: one text, or one in each context."""
    texts = {}
    with (LOCALE / "django.po").open("rb") as source:
        for entry in read_po(source, locale="az"):
            if entry.string:
                texts.setdefault(entry.id, set()).add(entry.string)
    return texts


def labels_of(model, table, request):
    """Return the names of a table, its columns, filters, and read-only fields of its page."""
    names = [model._meta.verbose_name, model._meta.verbose_name_plural]
    columns = [*table.get_list_display(request), *table.get_readonly_fields(request, model())]
    names += [label_for_field(name, model, table) for name in columns]
    names += [each.title for each in table.get_changelist_instance(request).filter_specs]
    for inline in table.get_inline_instances(request):
        names += [label_for_field(name, inline.model, inline) for name in inline.fields or ()]
    return [str(one) for one in names]


def missing(english, other, translations):
    """Return labels whose Azerbaijani text is not in our translations."""
    return {
        one
        for one, translated in zip(english, other, strict=True)
        if translated not in translations.get(one, ())
    }


def test_columns_filters_and_fields_of_every_table_have_labels(staff_request, translations):
    found = {}
    for model, table in TABLES:
        labels = {}
        for language in ("en", "az"):
            with override(language):
                labels[language] = labels_of(model, table, staff_request)
        if untranslated := missing(labels["en"], labels["az"], translations):
            found[str(model)] = untranslated

    assert found == {}


def test_every_choice_has_a_label(translations):
    found = {}
    for model, _table in TABLES:
        for field in model._meta.fields:
            choices = list(field.flatchoices or ())
            if choices in (settings.LANGUAGES, settings.SUPPLIER_LANGUAGES) or isinstance(
                field, FamilyField
            ):
                continue  # names of languages, and of families, which staff translate
            labels = {}
            for language in ("en", "az"):
                with override(language):
                    labels[language] = [str(label) for value, label in choices if value != ""]
            if untranslated := missing(labels["en"], labels["az"], translations):
                found[str(field)] = untranslated

    assert found == {}


def test_empty_list_and_empty_search_have_texts(staff):
    staff.cookies["django_language"] = "az"
    url = reverse("admin:catalog_competitorsource_changelist")

    empty = staff.get(url).content.decode()
    searched = staff.get(f"{url}?q=unknown").content.decode()

    assert "O, cədvəl üzrə sorğulanır." in empty
    assert reverse("admin:catalog_competitorsource_add") in empty
    assert "Nəticə yoxdur" in searched
    assert "O, cədvəl üzrə sorğulanır." not in searched


def test_list_and_form_use_the_same_label(staff_request):
    table = admin.site._registry[Supplier]
    labels = table.get_form(staff_request, Supplier(), change=True).base_fields

    for name, asked in labels.items():
        if any(field.name == name for field in Supplier._meta.fields):
            assert str(Supplier._meta.get_field(name).verbose_name) == str(asked.label)


def test_statuses_and_history_are_translated(staff):
    make_price_book(channel=make_channel(), status="live")
    supplier = make_supplier()
    StatusChange.objects.create(
        subject="suppliers.Supplier",
        subject_id=supplier.pk,
        status_field="status",
        from_status="vetting",
        to_status="active",
        at=supplier.status_since,
    )
    staff.cookies["django_language"] = "az"

    books = staff.get(reverse("admin:catalog_pricebook_changelist")).content.decode()
    page = staff.get(reverse("admin:suppliers_supplier_change", args=[supplier.pk])).content
    trace = staff.get(reverse("admin:lib_statuschange_changelist")).content.decode()

    assert "Qüvvədə" in books
    assert "Yoxlanılır → <b>Aktiv</b>" in page.decode()
    for words in ("Təchizatçı", "Yoxlanılır", "Aktiv"):
        assert words in trace
    assert "vetting" not in trace


def test_price_hold_and_its_breakdown_are_translated(staff):
    make_price_rule()
    make_price_book(channel=make_channel(), version=2, status="live", max_change_per_run="0.20")
    variant = make_variant()
    for cost, now in (("10.00", NOON), ("14.00", NOON + timedelta(days=2))):
        supplies = [supplied(variant, cost)]
        refresh.refresh_listings(channel=make_channel(), supplies=supplies, now=now)
    hold = PriceHold.objects.get()
    staff.cookies["django_language"] = "az"

    page = staff.get(reverse("admin:catalog_pricehold_change", args=[hold.pk]))
    explain = staff.get(reverse("admin:catalog_listing_explain", args=[hold.listing_id]))
    today = staff.get(reverse("supply:waiting", args=["price_blocked"]))

    why = "21.99 → 28.99: 31.83 %, bir dəfəyə maksimum dəyişmədən çoxdur."
    for shown in (page, explain, today):
        assert why in shown.content.decode()
    assert "Topdan dəyəri" in page.content.decode()
    assert "marja, əsası: tam maya dəyəri" in explain.content.decode()
    assert f"{hold.listing.variant.sku}, Fara" in page.content.decode()
