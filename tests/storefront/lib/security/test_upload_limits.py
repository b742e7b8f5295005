"""Files of an oversized form never reach the disk."""

from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from storefront.lib.security import upload_limits

LARGE = b"x" * 3_000


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(upload_limits, "MAX_FORM_BYTES", 1_000)
    monkeypatch.setattr(upload_limits, "MAX_STAFF_FORM_BYTES", 10_000)


def sent(content, *, is_staff=False):
    given = {"words": "kept", "file": SimpleUploadedFile("a.bin", content)}
    request = RequestFactory().post("/", given)
    request.user = SimpleNamespace(is_staff=is_staff)
    return request


def test_small_form_is_received_completely():
    request = sent(b"x" * 100)

    assert request.FILES["file"].read() == b"x" * 100
    assert not upload_limits.is_too_large(request)


def test_oversized_form_keeps_its_text_and_loses_its_files():
    request = sent(LARGE)

    assert request.POST["words"] == "kept"
    assert not request.FILES
    assert upload_limits.is_too_large(request)


def test_staff_have_a_higher_limit():
    assert sent(LARGE, is_staff=True).FILES["file"].read() == LARGE
    assert not sent(LARGE * 4, is_staff=True).FILES


def test_request_without_user_is_not_staff():
    request = RequestFactory().post("/", {"file": SimpleUploadedFile("a.bin", LARGE)})

    assert not request.FILES
