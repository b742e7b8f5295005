"""Return photos: check and store the pictures that a customer sends with a complaint."""

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
        data = (request.POST, request.FILES) if request else (None, None)
        super().__init__(*data)
        self.auto_id = f"id_{name}%s"
        self._request, self._of = request, of

    def clean_pictures(self) -> list[bytes]:
        if self._request is not None and upload_limits.is_too_large(self._request):
            raise forms.ValidationError(
                _("The pictures are too large in total. %s") % _limits_text()
            )
        files: list[UploadedFile[bytes]] = self.cleaned_data["pictures"] or []
        if len(files) > photos.MAX_PER_REQUEST:
            raise forms.ValidationError(_("Too many pictures. %s") % _limits_text())
        for file in files:
            if (file.size or 0) > photos.MAX_BYTES:
                raise forms.ValidationError(_named(_("%(name)s is too large. %(most)s"), file))
        if self.errors:  # the form is shown again: do not decode the pictures
            return []
        if files and is_rate_limited(what="pictures", who=self._of, per_hour=FORMS_PER_HOUR):
            raise forms.ValidationError(_("Too many pictures in one hour. Try again later."))
        return [_decoded(file) for file in files]

    @property
    def were_sent(self) -> bool:
        return self._request is not None and bool(self._request.FILES.getlist("pictures"))

    @property
    def encoded_photos(self) -> list[bytes]:
        encoded: list[bytes] = self.cleaned_data["pictures"]
        return encoded


def _decoded(file: "UploadedFile[bytes]") -> bytes:
    try:
        return photos.reencode(file.read())
    except InvalidImageError as error:
        message = _("We cannot open %(name)s. Send a JPEG, PNG or WebP picture.")
        raise forms.ValidationError(_named(message, file)) from error


def _named(message: str, file: "UploadedFile[bytes]") -> str:
    return message % {"name": (file.name or "")[:MAX_NAME], "most": _limits_text()}


def _limits_text() -> str:
    return _("At most %(count)d pictures, up to %(size)d MB each.") % {
        "count": photos.MAX_PER_REQUEST,
        "size": photos.MAX_BYTES // 1_000_000,
    }
