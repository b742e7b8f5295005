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
        ("Weir 370 headlamp, 5-year warranty, 370 lm", "Weir 370 headlamp, 370 lm"),
        ("Stirnlampe Weir mit 5 Jahren Garantie", "Stirnlampe Weir mit"),
        ("Weir 370, lifetime guarantee", "Weir 370"),
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
        (
            "<p>5 year warranty! Nice strap. Warranty: 24 months.</p>",
            "<p> Nice strap.</p>",
            ["5 year warranty", "Warranty: 24 months"],
        ),
        (
            "<table><tr><th>Warranty</th><td>5 years</td></tr><tr><th>Bulb</th><td>LED</td></tr></table>",
            "<table><tr><th>Bulb</th><td>LED</td></tr></table>",
            ["Warranty"],
        ),
        (
            "<ul><li><b>Guarantee:</b> 3 years</li><li>Bright</li></ul>",
            "<ul><li>Bright</li></ul>",
            ["Guarantee: 3 years"],
        ),
        ("<p>5 illik zəmanət. Yüngül.</p>", "<p> Yüngül.</p>", ["5 illik zəmanət"]),
    ],
)
def test_a_description_loses_the_sentences_items_and_rows_with_claims(html, expected, claims):
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


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Hi. 990000 lumens super. Light.</p>", "<p>Hi. Light.</p>"),
        ("<p>Hi. <b>990000</b> lumens!</p>", "<p>Hi.</p>"),
        ("<ul><li>Up to 990,000 lm</li><li>USB-C</li></ul>", "<ul><li>USB-C</li></ul>"),
        ("<p>Shines with 900 lm.</p>", ""),  # its specification states 370 lm
        ("<p>Low: 20 lm, high: 370 lm.</p>", "<p>Low: 20 lm, high: 370 lm.</p>"),
    ],
)
def test_a_description_loses_lumens_that_the_light_cannot_have(html, expected):
    claims = {"Output": "370 lm", "Slogan": "990000 lumens"}
    record = make_product_record(title="Headlamp", description_html=html, claims=claims)

    product = normalize(record, source="acme")

    assert product.description_html == expected
    assert "990" not in product.summary
    assert "Slogan" not in product.more
    (issue,) = [each for each in product.issues if each.code == "text-output-impossible"]
    assert "Slogan: 990000 lumens" in issue.message


def test_a_guarantee_without_evidence_is_cut_and_quoted():
    record = make_product_record(
        title="Headlamp X1, lifetime warranty",
        description_html="<p>5 year warranty. Waterproof.</p>",
        claims={"Warranty": "5 years", "Reflector": "smooth", "Housing": "eco-friendly plastic"},
    )

    product = normalize(record, source="acme")

    assert product.title == "Headlamp X1"
    assert product.description_html == "<p> Waterproof.</p>"
    assert product.more == {"Reflector": "smooth"}
    issues = {each.code: each.message for each in product.issues}
    assert "lifetime warranty, 5 year warranty, Warranty: 5 years" in issues["guarantee-claim"]
    assert "Housing: eco-friendly plastic" in issues["environmental-claim"]
