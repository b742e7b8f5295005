"""Identity admin: edit who runs the shop, its brand, legal texts and guarantee artwork."""

import hashlib
import re
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from stdnum.eu import vat
from unfold.widgets import UnfoldAdminFileFieldWidget

from storefront.identity.brand_checks import (
    MAX_LOGO_BYTES,
    MIN_CONTRAST,
    clean_color,
    contrast,
    is_svg,
    logo_format,
)
from storefront.identity.current import COLOR_FIELDS, FIELDS, MAIL_FIELDS, is_reserved
from storefront.identity.models import GuaranteeArtwork, LegalText, LiveDatabase, ShopIdentity
from storefront.lib.address import COUNTRIES
from storefront.lib.staff.admin import StaffAdmin, register_read_only
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.form_fields import CountryField

MIN_PHONE_DIGITS = 5
VAT_ID = re.compile(r"[A-Z]{2}(?=.*\d)[0-9A-Z]{2,13}")
VAT_COUNTRIES = COUNTRIES | {"EL", "XI"}  # Greece, Northern Ireland
EU_PREFIXES = {"EL", *(code.upper() for code in vat.MEMBER_STATES)}


class ShopIdentityForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    country = CountryField()
    logo_upload = forms.FileField(
        label=_("New logo"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".svg,.png,.webp"}),
        help_text=_(
            "PNG, WebP or plain SVG, up to 200 KB and 1600 × 800 pixels. E-mails show it as PNG only."
        ),
    )
    removes_logo = forms.BooleanField(
        label=_("Remove the logo"),
        required=False,
        help_text=_("Pages and e-mails then show the shop name."),
    )

    class Meta:
        model = ShopIdentity
        fields = (*FIELDS, "logo_alt", *COLOR_FIELDS, *MAIL_FIELDS)
        help_texts: ClassVar = {
            "footer_en": _("Shown at the end of each e-mail, such as opening hours."),
            "footer_az": _("If empty, e-mails in Azerbaijani show the English text."),
        }

    def clean_logo_upload(self) -> bytes:
        file = self.cleaned_data["logo_upload"]
        if not file:
            return b""
        content: bytes = file.read(MAX_LOGO_BYTES + 1)
        self.logo_suffix = logo_format(content)
        return content

    def clean_phone(self) -> str:
        phone = str(self.cleaned_data["phone"])
        if sum(map(str.isdigit, phone)) < MIN_PHONE_DIGITS:
            raise forms.ValidationError(gettext("Enter a phone number, such as +372 555 0100."))
        return phone

    def clean_vat_id(self) -> str:
        """Return the VAT ID in capital letters, without spaces, dots and hyphens."""
        number = re.sub(r"[\s.-]", "", self.cleaned_data["vat_id"]).upper()
        if number and not (VAT_ID.fullmatch(number) and number[:2] in VAT_COUNTRIES):
            raise forms.ValidationError(
                gettext("Enter the VAT ID with its country code, such as DE136695976.")
            )
        if number[:2] in EU_PREFIXES and not vat.is_valid(number):
            raise forms.ValidationError(
                gettext(
                    "This VAT ID has a wrong length or check digit. Compare it with your certificate."
                )
            )
        return number

    def clean_accent_color(self) -> str:
        return clean_color(self.cleaned_data["accent_color"])

    def clean_accent_text_color(self) -> str:
        return clean_color(self.cleaned_data["accent_text_color"])

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        color, text = values.get("accent_color"), values.get("accent_text_color")
        if color is None or text is None:  # one has an error
            return values
        if bool(color) != bool(text):
            self.add_error("accent_text_color", gettext("Enter both colors, or none."))
        elif color and (found := contrast(color, text)) < MIN_CONTRAST:
            problem = gettext("The contrast is %(found).1f to 1. Text needs 4.5 to 1.")
            self.add_error("accent_text_color", problem % {"found": found})
        return values

    def save(self, commit: bool = True) -> Any:  # noqa: FBT002 - signature of Django
        content = self.cleaned_data.get("logo_upload")
        if content:
            digest = hashlib.sha256(content).hexdigest()
            self.instance.logo, self.instance.logo_name = content, f"{digest}.{self.logo_suffix}"
        elif self.cleaned_data.get("removes_logo"):
            self.instance.logo, self.instance.logo_name = None, ""
        return super().save(commit)

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if settings.IS_PRODUCTION and is_reserved(email):
            raise forms.ValidationError(
                gettext(
                    "E-mails cannot be delivered to this address. Enter an address that your"
                    " staff read."
                )
            )
        return email


@admin.display(description=_("Logo"))
def shown_logo(shop: ShopIdentity) -> str:
    """Show the logo on a light and on a dark background."""
    if not shop.logo_name:
        return gettext("None: pages and e-mails show the shop name")
    picture = format_html('<img src="/brand/{}" alt="" height="32">', shop.logo_name)
    return format_html_join(
        " ",
        '<span style="display:inline-block;padding:12px;background:{}">{}</span>',
        ((background, picture) for background in ("#f5f2ea", "#0a0c11")),
    )


@admin.display(description=_("Button"))
def shown_button(shop: ShopIdentity) -> str:
    """Show a button in the brand's colors, as pages and e-mails do."""
    return format_html(
        '<span style="display:inline-block;padding:12px 24px;border-radius:12px;font-weight:700;'
        'background:{};color:{}">{}</span>',
        shop.accent_color or "#ffc23d",
        shop.accent_text_color or "#1a1300",
        gettext("Add to cart"),
    )


@admin.register(ShopIdentity)
class ShopIdentityAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "Add your shop's details. Without them the shop stays closed in production."
    )
    form = ShopIdentityForm
    editable = (
        *FIELDS,
        "logo_upload",
        "removes_logo",
        "logo_alt",
        *COLOR_FIELDS,
        *MAIL_FIELDS,
    )
    exclude = ("logo", "logo_name")
    readonly_fields = (shown_logo, shown_button)
    may_add = True
    groups = (
        Group(_("Shop"), ("name", "email", "phone", "review_url")),
        Group(_("Company"), ("company", "address", "country", "register_entry", "vat_id")),
        Group(_("Invoices"), ("invoice_prefix", "credit_note_prefix")),
        Group(
            _("Brand"),
            ("logo_upload", "removes_logo", "logo_alt", *COLOR_FIELDS),
            columns=(shown_logo, shown_button),
        ),
        Group(_("E-mails"), MAIL_FIELDS),
    )
    list_display: ClassVar = ["name", "company", "email", "phone"]
    ordering: ClassVar = ["pk"]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Redirect to the identity if it exists: there is only one."""
        if row := ShopIdentity.objects.first():
            return redirect(self.page_of(row))
        added: HttpResponse = super().add_view(request, *args, **kwargs)
        return added

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.pk = 1
        super().save_model(request, obj, form, change)


@admin.register(LegalText)
class LegalTextAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "Add a text. Until then the page shows the built-in one. Have a lawyer check both."
    )
    editable = ("page", "language", "text")
    may_add = may_delete = True
    groups = (Group(_("Legal text"), ("page", "language", "text")),)
    list_display: ClassVar = ["page", "language"]
    ordering: ClassVar = ["page", "language"]


MAX_ARTWORK_BYTES = 500_000
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class GuaranteeArtworkForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    file = forms.FileField(
        label=_("Official file"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".svg,.png"}),
        help_text=_(
            "The file that the European Commission publishes in this language, as SVG or PNG. Do"
            " not change it: the regulation prescribes its design."
        ),
    )

    class Meta:
        model = GuaranteeArtwork
        fields = ("kind", "language")

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > MAX_ARTWORK_BYTES:
            raise forms.ValidationError(gettext("The file is larger than 500 KB."))
        content: bytes = file.read()
        if not content.startswith(PNG_SIGNATURE) and not is_svg(content):
            raise forms.ValidationError(gettext("This is not an SVG or PNG file."))
        return content

    def save(self, commit: bool = True) -> Any:  # noqa: FBT002 - signature of Django
        content = self.instance.content = self.cleaned_data["file"]
        formats = GuaranteeArtwork.Format
        is_png = content.startswith(PNG_SIGNATURE)
        self.instance.format = formats.PNG if is_png else formats.SVG
        self.instance.digest = hashlib.sha256(content).hexdigest()
        return super().save(commit)


@admin.register(GuaranteeArtwork)
class GuaranteeArtworkAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "Add the official notice of the legal guarantee and, if you sell products with a producer's"
        " guarantee, its label. Until then pages show their content as text, which the regulation"
        " does not accept."
    )
    add_form = GuaranteeArtworkForm
    may_add = may_delete = True
    exclude = ("content",)
    list_display: ClassVar = ["kind", "language", "format", "digest", "uploaded_at"]
    ordering: ClassVar = ["kind", "language"]


register_read_only(
    LiveDatabase,
    list_display=["switched_on_at", "switched_on_by", "backed_up_at"],
    ordering=["pk"],
)
