import pytest

from tests.suppliers.connectors.cj.recorded_answers import REF, said
from tests.suppliers.connectors.cj.test_product_details import LIST, PAGE, page


@pytest.mark.parametrize(
    ("told", "minimum"), [("5", 5), (5, 5), ("1", 1), ("0", None), ("-2", None), ("some", None)]
)
def test_minimum_quantity_of_the_list_is_on_the_page(cj, cj_answers, told, minimum):
    row = {"id": REF, "saleStatus": "3", "directMinOrderNum": told}
    cj_answers.get(LIST).mock(return_value=page([row], total=1))
    cj_answers.get(PAGE).mock(return_value=said("product"))

    list(cj.product_rows())
    record = cj.product(external_id=REF).record

    assert {variant.terms.min_order_units for variant in record.variants} == {minimum}
