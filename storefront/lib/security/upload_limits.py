"""Upload limits: drop files of oversized forms before they reach the disk.

Django writes uploads to disk before a view has checked the sender. An oversized upload is read and
dropped, so that the page can still answer with a message.
"""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

MAX_FORM_BYTES = 40_000_000  # per form: four customer pictures and other fields
MAX_STAFF_FORM_BYTES = 220_000_000  # a supplier's whole feed


class UploadLimitHandler(FileUploadHandler):
    """Upload handler that drops the files of an oversized form; runs before those that store."""

    _is_dropped = False

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - signature of Django
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        del input_data, META, boundary, encoding
        if content_length > MAX_FORM_BYTES:
            is_staff = getattr(getattr(self.request, "user", None), "is_staff", False)
            self._is_dropped = not is_staff or content_length > MAX_STAFF_FORM_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self._is_dropped:
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        del start
        return raw_data

    def file_complete(self, file_size: int) -> None:
        del file_size


def is_too_large(request: HttpRequest) -> bool:
    """Return whether the files of a customer's form were dropped."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0) > MAX_FORM_BYTES
    except ValueError:
        return False
