"""A worker reads before it forks what each of its processes would read for its first mail."""

from __future__ import annotations

import gc
import gettext

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real
from jinja2 import Environment

from notifications import rendering
from storefront.workers import forking


@pytest.fixture(autouse=True)
def cold():
    rendering._environment.cache_clear()
    yield
    rendering._environment.cache_clear()
    gc.unfreeze()


def test_the_first_letter_finds_its_words(monkeypatch):
    compiled, opened = [], []
    plain = Environment.compile
    read = gettext.GNUTranslations._parse

    def counted(self, source, name=None, *rest, **options):
        compiled.append(name)
        return plain(self, source, name, *rest, **options)

    def noted(self, file):
        opened.append(file.name)
        return read(self, file)

    monkeypatch.setattr(gettext.GNUTranslations, "_parse", noted)
    monkeypatch.setattr(trans_real, "_translations", {})
    monkeypatch.setattr(gettext, "_translations", {})
    forking.get_ready()
    monkeypatch.setattr(Environment, "compile", counted)
    assert {language for language, _ in settings.LANGUAGES} <= {*trans_real._translations}
    assert any("/az/" in name for name in opened)
    opened.clear()

    for template in rendering.COMMON:
        for kind in ("txt", "html"):
            rendering._environment().get_template(f"email/{template}.{kind}")
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            translation.gettext("Home")

    assert compiled == opened == []
    assert gc.get_freeze_count()
