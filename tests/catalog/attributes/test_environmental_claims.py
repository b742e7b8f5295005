import pytest

from catalog.attributes.normalization import normalize
from catalog.attributes.text_cleaning import cut_claims_from_html, cut_claims_from_title
from tests.factories.product_records import make_product_record


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Weir 370 eco-friendly headlamp, 370 lm", "Weir 370 headlamp, 370 lm"),
        ("Solar lantern, environmentally friendly, 90 lm", "Solar lantern, 90 lm"),
        ("Weir 370, Eco mode, green", "Weir 370, Eco mode, green"),
        ("Umweltfreundliche Stirnlampe 370", "Stirnlampe 370"),
    ],
)
def test_a_title_loses_the_claim_only(title, expected):
    assert cut_claims_from_title(title).text == expected


@pytest.mark.parametrize(
    ("html", "expected", "claims"),
    [
        (
            "<p>Runs 2.5 h. A sustainable, climate neutral choice! Has USB-C.</p>",
            "<p>Runs 2.5 h. Has USB-C.</p>",
            ["sustainable", "climate neutral"],
        ),
        ("<ul><li>Eco-friendly</li></ul><p>Bright.</p>", "<p>Bright.</p>", ["Eco-friendly"]),
        ("<p>Eco: 30 lm in green.</p>", "<p>Eco: 30 lm in green.</p>", []),
    ],
)
def test_a_description_loses_the_sentences_with_claims(html, expected, claims):
    cut = cut_claims_from_html(html)
    assert cut.text == expected
    assert cut.claims == claims


def test_the_import_quotes_what_it_cut():
    record = make_product_record(
        title="Eco-friendly headlamp X1", description_html="<p>A sustainable light. Waterproof.</p>"
    )

    product = normalize(record, source="acme")

    assert product.title == "headlamp X1"
    assert product.description_html == "<p> Waterproof.</p>"
    (issue,) = [each for each in product.issues if each.code == "environmental-claim"]
    assert "Eco-friendly, sustainable" in issue.message
