"""Return photos: check and store the pictures that a customer sends with a complaint.

Every picture is checked before the first one is stored.
"""

from __future__ import annotations

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.products.images import InvalidImageError
from orders.returns import photos
from storefront.lib.security import upload_limits
from storefront.lib.security.rate_limit import is_rate_limited

FORMS_PER_HOUR = 20  # per order: decoding pictures is expensive
MAX_NAME = 60


class ManyFiles(forms.FileInput):
    allow_multiple_selected = True


class PicturesForm(forms.Form):
    """Form for up to four pictures. ``cleaned_data`` holds them re-encoded for storage."""

    pictures = forms.Field(label=gettext_lazy("Pictures"), required=False, widget=ManyFiles)

    def __init__(self, request: HttpRequest | None = None, *, of: str = "", name: str = "") -> None:
        """Show the form, or read it from a request about the order ``of``.

        ``name`` distinguishes several such forms on one page.
        """
        given = (request.POST, request.FILES) if request else (None, None)
        super().__init__(*given)
        self.auto_id = f"id_{name}%s"
        self._request, self._of = request, of

    def clean_pictures(self) -> list[bytes]:
        if self._request is not None and upload_limits.is_too_large(self._request):
            raise forms.ValidationError(_("The pictures are too large in total. %s") % _most())
        given: list[UploadedFile[bytes]] = self.cleaned_data["pictures"] or []
        if len(given) > photos.MAX_PER_REQUEST:
            raise forms.ValidationError(_("Too many pictures. %s") % _most())
        for each in given:
            if (each.size or 0) > photos.MAX_BYTES:
                raise forms.ValidationError(_named(_("%(name)s is too large. %(most)s"), each))
        if self.errors:  # the form is shown again: do not decode the pictures
            return []
        if given and is_rate_limited(what="pictures", who=self._of, per_hour=FORMS_PER_HOUR):
            raise forms.ValidationError(_("Too many pictures in one hour. Try again later."))
        return [_decoded(each) for each in given]

    @property
    def were_sent(self) -> bool:
        return self._request is not None and bool(self._request.FILES.getlist("pictures"))

    @property
    def encoded_photos(self) -> list[bytes]:
        drawn: list[bytes] = self.cleaned_data["pictures"]
        return drawn


def _decoded(given: UploadedFile[bytes]) -> bytes:
    try:
        return photos.reencode(given.read())
    except InvalidImageError as error:
        words = _("We cannot open %(name)s. Send a JPEG, PNG or WebP picture.")
        raise forms.ValidationError(_named(words, given)) from error


def _named(words: str, given: UploadedFile[bytes]) -> str:
    return words % {"name": (given.name or "")[:MAX_NAME], "most": _most()}


def _most() -> str:
    return _("At most %(count)d pictures, up to %(size)d MB each.") % {
        "count": photos.MAX_PER_REQUEST,
        "size": photos.MAX_BYTES // 1_000_000,
    }
