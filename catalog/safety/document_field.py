"""Document field: validate an uploaded document in a form of staff."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.forms import FileField, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget

from catalog.safety import documents


class DocumentField(FileField):
    """Field for a document; its value is the validated content, None without a file.

    The file type is determined by the content, not by the name.
    """

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminFileFieldWidget(attrs={"accept": ".pdf,.png,.jpg,.jpeg"})
        defaults = {"label": gettext_lazy("File"), "widget": widget}
        super().__init__(**defaults | options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        uploaded: UploadedFile[bytes] | None = super().clean(data, initial)
        if not uploaded:
            return None
        if (uploaded.size or 0) > documents.MAX_BYTES:
            raise ValidationError(_("At most 10 MB."), code="too_large")
        content: bytes = uploaded.read()
        try:
            documents.validate(content)
        except documents.InvalidDocumentError as error:
            raise ValidationError(str(error), code="bad_document") from error
        return content
