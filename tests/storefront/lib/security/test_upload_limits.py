"""Files of a form that is larger than any of ours never reach the disk."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from storefront.lib.security import upload_limits

LARGE = b"x" * 3_000


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(upload_limits, "MOST_BYTES", 1_000)
    monkeypatch.setattr(upload_limits, "MOST_OF_STAFF_BYTES", 10_000)


def sent(content, *, is_staff=False):
    given = {"words": "kept", "file": SimpleUploadedFile("a.bin", content)}
    request = RequestFactory().post("/", given)
    request.user = SimpleNamespace(is_staff=is_staff)
    return request


def test_what_is_small_comes_whole():
    request = sent(b"x" * 100)

    assert request.FILES["file"].read() == b"x" * 100
    assert not upload_limits.is_too_large(request)


def test_of_what_is_too_large_the_words_come_and_no_file():
    request = sent(LARGE)

    assert request.POST["words"] == "kept"
    assert not request.FILES
    assert upload_limits.is_too_large(request)


def test_staff_bring_more_and_not_without_end():
    assert sent(LARGE, is_staff=True).FILES["file"].read() == LARGE
    assert not sent(LARGE * 4, is_staff=True).FILES


def test_who_has_no_user_yet_is_nobody_of_ours():
    request = RequestFactory().post("/", {"file": SimpleUploadedFile("a.bin", LARGE)})

    assert not request.FILES
