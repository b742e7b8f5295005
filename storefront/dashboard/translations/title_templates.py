"""Title template page: edit the templates of a family, preview them with three of its products."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.custom_attributes import registry
from catalog.models import Product, ProductFamily
from catalog.products.tasks import refresh_titles
from catalog.products.translations.title_refresh import save_title_templates
from catalog.texts.title_templates import (
    MAX_TEMPLATE,
    TITLE_FIELDS,
    TemplateError,
    check_template,
)
from catalog.texts.title_updates import title_by_template
from catalog.texts.title_values import attribute_codes
from storefront.dashboard import staff_page
from storefront.lib.staff.form_fields import construct_message, use_staff_widgets
from storefront.lib.tasks import enqueue

VIEW, CHANGE_RIGHT = "catalog.view_productfamily", "catalog.change_productfamily"
PREVIEWED = 3
ERRORS: dict[str, str | Promise] = {
    "braces": _("A brace is missing. Write each field as {model}."),
    "unknown_field": _("There is no field {%(text)s}. The fields are listed below."),
    "no_name": _("Name the product: add {model} or {kind}."),
}


class TemplatesForm(forms.Form):
    """One template per language, named by its code."""

    def __init__(self, data: Any, *, family: ProductFamily, attributes: tuple[str, ...]) -> None:
        super().__init__(data, initial=family.title_templates)
        self._attributes = attributes
        for code, name in settings.LANGUAGES:
            is_base = code == settings.LANGUAGE_CODE
            self.fields[code] = forms.CharField(
                label=name,
                required=False,
                max_length=MAX_TEMPLATE,
                widget=forms.Textarea(attrs={"rows": 2}),
                help_text=_("Leave empty to show the supplier's title.")
                if is_base
                else _("Leave empty to translate the supplier's title part by part."),
            )
        use_staff_widgets(self)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for code, template in list(cleaned.items()):
            if not template:
                continue
            try:
                check_template(template, attributes=self._attributes)
            except TemplateError as error:
                self.add_error(
                    code, ValidationError(str(ERRORS[error.code]), params={"text": error.text})
                )
        return cleaned


def show(request: HttpRequest, code: str) -> HttpResponse:
    """Show the templates; preview or save what was entered."""
    staff_page.require(request, VIEW)
    family = get_object_or_404(ProductFamily, code=code)
    definitions = [each for each in registry.load() if each.applies_to(code)]
    attributes = attribute_codes(definitions)
    is_sent = request.method == "POST"
    form = TemplatesForm(request.POST if is_sent else None, family=family, attributes=attributes)
    if is_sent:
        staff_page.require(request, CHANGE_RIGHT)
        if form.is_valid() and request.POST.get("step") == "save":
            _save(request, family, form)
            return HttpResponseRedirect(request.path)
    templates = form.cleaned_data if is_sent and form.is_valid() else family.title_templates
    context = {
        "title": gettext("Title templates"),
        "family": family,
        "form": form,
        "fields": (*TITLE_FIELDS, *attributes),
        "previews": list(_previews(family, templates, definitions)),
        "may_change": request.user.has_perm(CHANGE_RIGHT),
    }
    return staff_page.render(request, "dashboard/translations/title_templates.html", **context)


def _previews(
    family: ProductFamily, templates: dict[str, str], definitions: list[registry.Definition]
) -> Iterator[tuple[Product, list[tuple[str, str]]]]:
    """Yield the newest products, each with its titles by language."""
    rows = Product.objects.filter(family=family.code).select_related("brand", "spec")
    for product in rows.order_by("-pk")[:PREVIEWED]:
        titles = [
            (code, title_by_template(product, code, template, definitions) or product.title)
            for code, _name in settings.LANGUAGES
            if (template := templates.get(code, ""))
        ]
        yield product, titles


def _save(request: HttpRequest, family: ProductFamily, form: TemplatesForm) -> None:
    with transaction.atomic(durable=True):
        save_title_templates(family, form.cleaned_data)
    model_admin = admin.site.get_model_admin(ProductFamily)
    model_admin.log_change(request, family, construct_message(form, None, add=False))
    enqueue(refresh_titles, family=family.code)
    messages.success(
        request, gettext("Saved. The titles of the products follow within a few minutes.")
    )
