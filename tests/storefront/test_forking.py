"""A worker reads before it forks what each of its processes would read for its first mail."""

from __future__ import annotations

import gc

import pytest
from jinja2 import Environment

from notifications import rendering
from storefront import forking


@pytest.fixture(autouse=True)
def cold():
    rendering._environment.cache_clear()
    yield
    rendering._environment.cache_clear()
    gc.unfreeze()


def test_the_first_letter_finds_its_words(monkeypatch):
    compiled = []
    plain = Environment.compile

    def counted(self, source, name=None, *rest, **options):
        compiled.append(name)
        return plain(self, source, name, *rest, **options)

    forking.get_ready()
    monkeypatch.setattr(Environment, "compile", counted)

    for template in rendering.COMMON:
        rendering._environment().get_template(f"email/{template}.html")

    assert compiled == []
    assert gc.get_freeze_count()
