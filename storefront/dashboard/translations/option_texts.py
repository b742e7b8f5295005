"""Option translation page: list option names and values, save their translations in place."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import OptionText
from catalog.models.texts import TRANSLATED_LANGUAGES
from catalog.products.staff.variant_form import MAX_OPTION_CHARS
from catalog.products.translations.missing_texts import untranslated_options
from catalog.products.translations.text_edits import save_option_texts
from storefront.dashboard import staff_page
from storefront.lib.text import row_id

VIEW, CHANGE = "catalog.view_product", "catalog.change_product"
PER_PAGE = 50


class FilterForm(forms.Form):
    """What the list shows."""

    q = forms.CharField(label=_("Search"), required=False, max_length=60)
    missing = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("All")), ("1", _("Not translated"))]
    )


def show(request: HttpRequest, language: str = TRANSLATED_LANGUAGES[0][0]) -> HttpResponse:
    """Show one page of options, or save the translations of it."""
    staff_page.require(request, VIEW)
    if language not in dict(TRANSLATED_LANGUAGES):
        raise Http404
    if request.method == "POST":
        staff_page.require(request, CHANGE)
        return _save(request, language)
    filter_form = FilterForm(request.GET)
    asked = filter_form.cleaned_data if filter_form.is_valid() else {}
    rows = _options(asked, language)
    page = Paginator(rows.order_by("-variant_count", "kind", "key"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "title": gettext("Option translations"),
        "language": language,
        "language_name": dict(TRANSLATED_LANGUAGES)[language],
        "filter_form": filter_form,
        "page": page,
        "rows": [(row, row.texts.get(language, "")) for row in page],
        "missing_count": untranslated_options(language).count(),
        "max_chars": MAX_OPTION_CHARS,
        "may_change": request.user.has_perm(CHANGE),
    }
    return staff_page.render(request, "dashboard/translations/option_texts.html", **context)


def _options(asked: Mapping[str, Any], language: str) -> "QuerySet[OptionText]":
    rows = untranslated_options(language) if asked.get("missing") else OptionText.objects.all()
    return rows.filter(key__contains=asked["q"].lower()) if asked.get("q") else rows


def _save(request: HttpRequest, language: str) -> HttpResponse:
    """Save the translations that differ from those that the page showed."""
    submitted = request.POST
    ids = [name.removeprefix("text_") for name in submitted if name.startswith("text_")]
    known = OptionText.objects.in_bulk([row_id(pk) for pk in ids[:PER_PAGE]])
    changed = {
        (row.kind, row.key): text
        for pk, row in known.items()
        if (text := submitted[f"text_{pk}"].strip()[:MAX_OPTION_CHARS])
        != submitted.get(f"shown_{pk}", "")
    }
    with transaction.atomic(durable=True):
        save_option_texts(language=language, texts=changed)
    messages.success(request, gettext("Saved: %(count)s") % {"count": len(changed)})
    return HttpResponseRedirect(request.get_full_path())
