"""Identifier tabs of a variant: edit GTINs and part numbers, show the other identifiers."""

from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from catalog.attributes.identifiers import InvalidGtinError, gtin_kind
from catalog.models import Identifier
from catalog.products import identifier_edits
from catalog.products.identifier_edits import EDITABLE_SCHEMES
from storefront.lib.staff.inlines import EditableTable, LabeledFormSet, inline

State = Identifier.State


class IdentifierForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """A GTIN or part number: a new one, or a stored one to verify or remove."""

    is_verified = forms.BooleanField(
        label=State.VERIFIED.label, required=False, widget=UnfoldBooleanSwitchWidget
    )

    class Meta:
        model = Identifier
        fields = ("scheme", "raw", "is_verified")
        labels: ClassVar = {"raw": gettext_lazy("Number as printed")}
        widgets: ClassVar = {"scheme": UnfoldAdminSelectWidget, "raw": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = self.instance.pk is None
        schemes: Any = self.fields["scheme"]
        schemes.choices = [(one.value, one.label) for one in EDITABLE_SCHEMES]
        if not is_new and self.instance.scheme == Identifier.Scheme.GTIN:
            schemes.choices = [(Identifier.Scheme.GTIN.value, gtin_kind(self.instance.value))]
        self.fields["scheme"].disabled = self.fields["raw"].disabled = not is_new
        self.fields["raw"].required = is_new
        self.fields["is_verified"].disabled = is_new
        self.initial["is_verified"] = is_new or self.instance.state == State.VERIFIED
        if not is_new:
            self.initial["raw"] = self.instance.raw or self.instance.value

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors or not self.has_changed():
            return cleaned
        is_new = self.instance.pk is None
        try:
            if is_new:
                self.instance.value = self._value(cleaned)
            if cleaned["is_verified"]:
                identifier_edits.check_free(
                    variant=self.instance.variant,
                    scheme=cleaned["scheme"],
                    value=self.instance.value,
                )
        except identifier_edits.IdentifierTakenError as error:
            self.add_error("raw", _taken(error))
        except InvalidGtinError as error:
            self.add_error("raw", _("Not a GTIN: %(reason)s.") % {"reason": error})
        except identifier_edits.InvalidPartNumberError:
            self.add_error("raw", _("Enter letters and digits."))
        return cleaned

    def _value(self, cleaned: dict[str, Any]) -> str:
        variant = self.instance.variant
        value = identifier_edits.parse(
            scheme=cleaned["scheme"], raw=cleaned["raw"], brand=variant.product.brand.name
        )
        if variant.identifiers.filter(scheme=cleaned["scheme"], value=value).exists():
            self.add_error("raw", _("This variant already has this number."))
        return value


def _taken(error: identifier_edits.IdentifierTakenError) -> str:
    owner = error.variant
    page = reverse("admin:catalog_variant_change", args=[owner.pk])
    link = format_html('<a class="underline" href="{}">{} ({})</a>', page, owner, owner.full_title)
    return format_html(_("Variant {} has this number. Remove it there first."), link)


class IdentifierFormSet(LabeledFormSet):
    """Rejects a number that is typed twice."""

    def clean(self) -> None:
        super().clean()
        typed = set()
        for form in self.forms:
            number = (form.instance.scheme, form.instance.value)
            if form.instance.value and number in typed:
                form.add_error("raw", _("This variant already has this number."))
            typed.add(number)


class IdentifierInline(EditableTable):
    model = Identifier
    formset = IdentifierFormSet
    form = IdentifierForm
    fields = ("scheme", "raw", "state")
    readonly_fields = ("state",)
    ordering = ("scheme", "pk")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add the switch of the form for staff who may edit."""
        may_edit = self.has_change_permission(request, obj)
        return (*self.fields, "is_verified") if may_edit else self.fields

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Identifier]":
        rows: QuerySet[Identifier] = super().get_queryset(request)
        return rows.filter(scheme__in=EDITABLE_SCHEMES)


class OtherIdentifierInline(inline(Identifier, "scheme", "value", "raw", "state")):  # type: ignore[misc]  # made at run time
    verbose_name_plural = gettext_lazy("Other identifiers")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Identifier]":
        rows: QuerySet[Identifier] = super().get_queryset(request)
        return rows.exclude(scheme__in=EDITABLE_SCHEMES)
