import pytest

from catalog.bulk_edits.file_fields import all_fields

SHORT = "https://cdn.example/1/front.png"
LONG = "https://pictures.supplier.example/products/1600007004944543741/0/front.png"


@pytest.mark.parametrize(
    ("source", "shown"),
    [(SHORT, SHORT), (LONG, "…products/1600007004944543741/0/front.png")],
)
def test_a_long_image_address_is_shown_as_its_marked_end(source, shown):
    image = {"source": source, "role": "beam", "position": 2, "alt": {"en": "Wall"}}

    text = all_fields()["images.product"].show([image], categories={})

    assert text == f"2: {shown} (Beam shot) “Wall”"
