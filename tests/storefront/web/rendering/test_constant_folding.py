import pytest
from django.template import engines
from django.utils.translation import override

from storefront.web.rendering.environment import LanguageBackend


def rendered(text, **words):
    return engines["jinja"].from_string(text).render(words)


@pytest.mark.parametrize(
    ("code", "words"),
    [("en", "Add to cart 4,000 /en/cart/"), ("az", "Səbətə at 4.000 /az/cart/")],
)
def test_constant_texts_numbers_and_urls_are_those_of_the_language(code, words):
    with override(code):
        text = rendered('{{ _("Add to cart") }} {{ 4000 | number }} {{ url("cart") }}')

    assert text == words


def test_values_in_constant_texts_are_escaped_and_the_texts_are_not():
    text = rendered('{{ _("“%(words)s”", words=asked) }}', asked="<b>")

    assert text == "“&lt;b&gt;”"


def test_non_constant_calls_are_evaluated_at_each_visit():
    text = '{{ url("product", slug) }} {{ _(message) }}'

    assert rendered(text, slug="a", message="Cart") == "/en/p/a/ Cart"
    assert rendered(text, slug="b", message="Search") == "/en/p/b/ Search"


def test_constant_texts_are_part_of_the_compiled_template():
    engine = engines["jinja"]
    assert isinstance(engine, LanguageBackend)

    with override("az"):
        compiled = engine.env.compile('{{ _("Cart") }}', raw=True)

    assert "Səbət" in compiled
    assert "gettext" not in compiled
