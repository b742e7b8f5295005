"""Image tab of a product: upload, order, role, variant and alternative text per language."""

import re
from functools import cached_property
from typing import Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from catalog.models import Image, Variant
from catalog.models.products import UPLOAD_SCHEME, WIDTHS_PX
from catalog.products import images
from storefront.lib.staff.inlines import EditableForm, StaffFormSet

_STORED = re.compile(r"[0-9a-f]{32}:\d{1,5}:\d{1,5}")


class ImageForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """One image. ``stored`` keeps an upload while other fields are corrected."""

    upload = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    stored = forms.CharField(required=False, widget=forms.HiddenInput)
    position = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=images.MAX_POSITION,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    class Meta:
        model = Image
        fields = ("role", "variant", "position")
        widgets: ClassVar = {"role": UnfoldAdminSelectWidget}

    def __init__(self, *args: Any, variants: "list[Variant]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = self.instance.pk is None
        for name in ("upload", "stored"):
            self.fields[name].disabled = not is_new
        if not is_new:
            self.fields["upload"].widget = forms.HiddenInput()
        if is_new:
            self.initial["position"] = None
        if "variant" in self.fields:
            field: Any = self.fields["variant"]
            field.queryset = Variant.objects.filter(pk__in=[variant.pk for variant in variants])
            named = [(variant.pk, variant.options_text or variant.sku) for variant in variants]
            field.choices = [("", "---------"), *named]
            field.widget.can_add_related = field.widget.can_change_related = False
            field.widget.can_view_related = field.widget.can_delete_related = False
        for code, name in settings.LANGUAGES:
            self.fields[f"alt_{code}"] = forms.CharField(
                label=f"{_('Alternative text')} ({name})",
                required=False,
                max_length=images.MAX_ALT_CHARS,
                widget=UnfoldAdminTextInputWidget,
                initial=self.instance.alt_texts.get(code, ""),
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk is None and self.has_changed():
            self._store_upload(cleaned)
        alts = {code: cleaned.get(f"alt_{code}", "") for code, _name in settings.LANGUAGES}
        self.instance.alt_texts = {code: text for code, text in alts.items() if text}
        if cleaned.get("position") is None:
            cleaned["position"] = images.MAX_POSITION  # after the others
        return cleaned

    def _store_upload(self, cleaned: dict[str, Any]) -> None:
        upload, stored = cleaned.get("upload"), cleaned.get("stored") or ""
        if upload is not None and upload.size > images.MAX_BYTES:
            limit = images.MAX_BYTES // 1_000_000
            self.add_error("upload", _("The file is larger than %(limit)s MB.") % {"limit": limit})
            return
        try:
            if upload is not None:
                stored = ":".join(map(str, images.store_resized(upload.read())))
                data: Any = cast("Any", self.data).copy()  # a QueryDict: keeps its lists
                data[self.add_prefix("stored")] = stored
                self.data = data
        except images.InvalidImageError as error:
            self.add_error("upload", _("The image cannot be used: %(reason)s.") % {"reason": error})
            return
        if (
            not _STORED.fullmatch(stored)
            or not images.path_of(stored.partition(":")[0], min(WIDTHS_PX)).exists()
        ):
            self.add_error("upload", _("Choose a PNG, JPEG or WebP file."))
            return
        stem, width, height = stored.split(":")
        if Image.objects.filter(product=self.instance.product_id, stem=stem).exists():
            self.add_error("upload", _("This product already has this image."))
        self.instance.source_url, self.instance.stem = f"{UPLOAD_SCHEME}{stem}", stem
        self.instance.width_px, self.instance.height_px = int(width), int(height)


class ImageFormSet(StaffFormSet):
    """Takes the variants that were read with the product; rejects a file that is uploaded twice."""

    @cached_property
    def _variants(self) -> list[Variant]:
        return [*self.instance.variants.all()] if self.instance.pk else []

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "variants": self._variants}

    def is_multipart(self) -> bool:
        """Return True: Django asks the first form only, whose image may be stored already."""
        return True

    def clean(self) -> None:
        super().clean()
        stems = set()
        for form in self.forms:
            if form.instance.pk is None and form.instance.stem in stems:
                form.add_error("upload", _("This product already has this image."))
            stems |= {form.instance.stem} - {""}


@admin.display(description=cast("str", gettext_lazy("Image")))
def thumbnail(row: Image) -> str | None:
    if not row.stem:
        return row.problem or (_("Not fetched yet") if row.pk else None)
    url = images.url_of(row.stem, min(WIDTHS_PX))
    return format_html('<img src="{}" alt="{}" width="80">', url, row.get_role_display())


@admin.display(description=cast("str", gettext_lazy("Source")))
def source(row: Image) -> str | None:
    if row.source_url.startswith(UPLOAD_SCHEME):
        return _("Uploaded")
    return _("Supplier") if row.pk else None


class ImageInline(EditableForm):
    model = Image
    form = ImageForm
    formset = ImageFormSet
    extra = 1
    fields = (thumbnail, source, "role", "variant", "position")
    readonly_fields = (thumbnail, source)
    ordering = ("position", "pk")

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        """Add the other fields of the form for staff who may edit."""
        if not self.has_change_permission(request, obj):
            return [(None, {"fields": self.fields})]
        alts = tuple(f"alt_{code}" for code, _name in settings.LANGUAGES)
        rows = [self.fields[:2], "upload", self.fields[2:], alts, "stored"]
        return [(None, {"fields": rows})]

    def get_formset(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
        kwargs["fields"] = ImageForm.Meta.fields  # the form adds the others
        return super().get_formset(request, obj, **kwargs)
