"""Identity admin: edit who runs the shop, its legal texts and guarantee artwork."""

import hashlib
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from lxml import etree
from unfold.widgets import UnfoldAdminFileFieldWidget

from storefront.identity.current import FIELDS, is_reserved
from storefront.identity.models import GuaranteeArtwork, LegalText, ShopIdentity
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Group


class ShopIdentityForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    class Meta:
        model = ShopIdentity
        fields = FIELDS

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


@admin.register(ShopIdentity)
class ShopIdentityAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "Add your shop's details. Without them the shop stays closed in production."
    )
    form = ShopIdentityForm
    editable = FIELDS
    may_add = True
    groups = (
        Group(_("Shop"), ("name", "email", "phone", "review_url")),
        Group(_("Company"), ("company", "address", "country", "register_entry", "vat_id")),
        Group(_("Invoices"), ("invoice_prefix", "credit_note_prefix")),
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
        if not content.startswith(PNG_SIGNATURE) and not _is_svg(content):
            raise forms.ValidationError(gettext("This is not an SVG or PNG file."))
        return content

    def save(self, commit: bool = True) -> Any:  # noqa: FBT002 - signature of Django
        content = self.instance.content = self.cleaned_data["file"]
        formats = GuaranteeArtwork.Format
        is_png = content.startswith(PNG_SIGNATURE)
        self.instance.format = formats.PNG if is_png else formats.SVG
        self.instance.digest = hashlib.sha256(content).hexdigest()
        return super().save(commit)


def _is_svg(content: bytes) -> bool:
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        return False
    return bool(root.tag == "{http://www.w3.org/2000/svg}svg")


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
