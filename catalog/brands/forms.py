"""Brand form: edit the names of a brand, its manufacturer and EU responsible person."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from catalog.attributes.identifiers import MAX_BRAND_KEY, stored_brand_key
from catalog.attributes.text_cleaning import clean_text
from catalog.brands import aliases
from catalog.enums import EU
from catalog.models import Brand
from catalog.models.categories import CONTACT_PARTS, CONTACT_ROLES
from storefront.lib.staff.form_fields import CountryField, LinesField

RESPONSIBLE_LOCK_FIELD = "is_responsible_locked"


class BrandForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """The manufacturer of a brand, and its responsible person in the EU: each complete or empty."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=MAX_BRAND_KEY,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("As the manufacturer writes it. Shown to customers."),
    )
    alias_names = LinesField(
        label=gettext_lazy("Aliases"),
        required=False,
        help_text=gettext_lazy("Other spellings, one per line, such as those of suppliers."),
    )

    manufacturer_country = CountryField(required=False)
    responsible_country = CountryField(
        codes=EU,
        required=False,
        error_messages={
            "invalid_choice": gettext_lazy(
                "The responsible person must be in the EU. Select a country of the EU."
            )
        },
    )

    class Meta:
        model = Brand
        fields = (
            "name",
            *(f"{role}_{part}" for role in CONTACT_ROLES for part in CONTACT_PARTS),
            RESPONSIBLE_LOCK_FIELD,
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["alias_names"] = [
                alias.name for alias in self.instance.aliases.order_by("pk")
            ]

    def clean_name(self) -> str:
        name, key = clean_text(self.cleaned_data["name"]), self.instance.key
        if not stored_brand_key(name):
            raise forms.ValidationError(_("Enter letters and digits."))
        if key and stored_brand_key(name) != key:
            message = _(
                "Only case, spaces and accents of a name can change: part numbers refer to it. Enter"
                " another spelling as an alias, or merge the brand into another one."
            )
            raise forms.ValidationError(message)
        self._require_free(name)
        return name

    def clean_alias_names(self) -> list[str]:
        names = [clean_text(name) for name in self.cleaned_data["alias_names"]]
        for name in names:
            if not stored_brand_key(name) or len(name) > MAX_BRAND_KEY:
                raise forms.ValidationError(_("Enter letters and digits, at most 80 per line."))
            self._require_free(name)
        return names

    def _require_free(self, name: str) -> None:
        if owner := aliases.find_owner(name, besides=self.instance):
            message = _("%(name)s is already a name of the brand %(brand)s.")
            raise forms.ValidationError(message % {"name": name, "brand": owner.name})

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for role in CONTACT_ROLES:
            parts = {part: str(cleaned.get(f"{role}_{part}") or "") for part in CONTACT_PARTS}
            if any(parts.values()) and not all(parts.values()):
                message = _("Fill in name, address, country and e-mail address, or none of them.")
                self.add_error(f"{role}_name", message)
        changed = set(self.changed_data)
        if RESPONSIBLE_LOCK_FIELD not in changed and changed & {
            f"responsible_{part}" for part in CONTACT_PARTS
        }:
            cleaned[RESPONSIBLE_LOCK_FIELD] = True  # feeds must not restore what staff removed
        return cleaned
