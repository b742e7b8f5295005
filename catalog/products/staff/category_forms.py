"""Category and brand forms: edit a category in each language, and the contacts of a brand."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

from catalog.enums import EU
from catalog.models import Brand, Category
from catalog.models.categories import CONTACT_PARTS, CONTACT_ROLES
from catalog.models.families import family_choices
from storefront.lib.address import COUNTRIES
from storefront.lib.staff.country_fields import CountriesField

RESPONSIBLE_LOCK_FIELD = "is_responsible_locked"


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Form for a category. Validates strictly, because every page shows the names."""

    restricted_countries = CountriesField(required=False)

    class Meta:
        model = Category
        fields = (
            "slug",
            "names",
            "intros",
            "families",
            "google_id",
            "position",
            "restricted_countries",
        )

    def clean_names(self) -> dict[str, str]:
        names = _texts(self.cleaned_data["names"])
        if not names.get("en"):
            raise forms.ValidationError(
                _("Enter the English name. It is used where a translation is missing.")
            )
        return names

    def clean_intros(self) -> dict[str, str]:
        return _texts(self.cleaned_data["intros"] or {})

    def clean_families(self) -> list[str]:
        families, known = self.cleaned_data["families"], {code for code, _name in family_choices()}
        if not isinstance(families, list) or not {str(family) for family in families} <= known:
            message = _("Enter a list of kinds in brackets. Known kinds: %(known)s.")
            raise forms.ValidationError(message % {"known": ", ".join(sorted(known))})
        return [str(family) for family in families]


class BrandForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """The manufacturer of a brand, and its responsible person in the EU: each complete or empty."""

    class Meta:
        model = Brand
        fields = (
            *(f"{role}_{part}" for role in CONTACT_ROLES for part in CONTACT_PARTS),
            RESPONSIBLE_LOCK_FIELD,
        )

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

    def clean_manufacturer_country(self) -> str:
        code = str(self.cleaned_data["manufacturer_country"]).upper()
        if code and code not in COUNTRIES:
            message = _("%(code)s is not a country code. Enter two letters, such as DE.")
            raise forms.ValidationError(message % {"code": code})
        return code

    def clean_responsible_country(self) -> str:
        code = str(self.cleaned_data["responsible_country"]).upper()
        if code and code not in EU:
            message = _(
                "The responsible person must be in the EU: enter a country code such as DE."
            )
            raise forms.ValidationError(message)
        return code


def _texts(texts: Any) -> dict[str, str]:
    known = [code for code, _name in settings.LANGUAGES]
    if not isinstance(texts, dict) or not all(
        name in known and isinstance(text, str) for name, text in texts.items()
    ):
        message = _('Texts by language, such as {"en": "Headlamps"}; languages: %(known)s.')
        raise forms.ValidationError(message % {"known": ", ".join(known)})
    return texts
