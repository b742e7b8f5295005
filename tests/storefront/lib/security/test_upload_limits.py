"""Files of an oversized form never reach the disk."""

from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from storefront.lib.security import upload_limits

LARGE = b"x" * 3_000


@pytest.fixture(autouse=True)
def small_limits(monkeypatch):
    monkeypatch.setattr(upload_limits, "MAX_FORM_BYTES", 1_000)
    monkeypatch.setattr(upload_limits, "MAX_STAFF_FORM_BYTES", 10_000)


def sent(content, *, is_staff=False):
    given = {"words": "kept", "file": SimpleUploadedFile("a.bin", content)}
    request = RequestFactory().post("/", given)
    request.user = SimpleNamespace(is_staff=is_staff)
    return request


def test_oversized_form_keeps_its_text_and_loses_its_files():
    small, large = sent(b"x" * 100), sent(LARGE)
    without_user = RequestFactory().post("/", {"file": SimpleUploadedFile("a.bin", LARGE)})

    assert small.FILES["file"].read() == b"x" * 100
    assert not upload_limits.is_too_large(small)
    assert large.POST["words"] == "kept"
    assert upload_limits.is_too_large(large)
    assert not large.FILES
    assert not without_user.FILES


def test_staff_have_a_higher_limit():
    assert sent(LARGE, is_staff=True).FILES["file"].read() == LARGE
    assert not sent(LARGE * 4, is_staff=True).FILES
