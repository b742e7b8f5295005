import pytest

from catalog.attributes import spec_patterns
from catalog.texts import vocabulary
from catalog.texts.titles import translate_title

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        (
            "Tindrel Weir 370 running headlamp, 370 lm, USB-C",
            "Tindrel Weir 370, qaçış üçün baş fənəri, 370 lm, USB-C",
        ),
        (
            "Oddfell Heron 90 folding solar lantern, 90 lm, USB-C and solar",
            "Oddfell Heron 90, qatlanan, günəş enerjili kempinq fənəri, 90 lm, USB-C və günəş enerjisi",
        ),
        ("Cap light Brassmoth Ermine 95 USB-C", "Brassmoth Ermine 95 USB-C, papaq fənəri"),
        ("Super bright work lights 1000 lm", "1000 lm, iş işığı"),
        ("Rechargeable torch, waterproof", "Əl fənəri, suya davamlı"),
        ("Inspection light for cars", "Yoxlama işığı"),
        ("Zuvolt Fossa L 6000 21700 cell", "Zuvolt Fossa L 6000 21700, akkumulyator"),
        ("Trail 400 headlamp, Red / 2 pcs", "Trail 400, baş fənəri, Qırmızı / 2 ədəd"),
        ("Moth 300 torch (set of 2)", "Moth 300, əl fənəri, 2 ədəd"),
        ("Weir 370 FLASHLİGHT, 370 lm", "Weir 370, əl fənəri, 370 lm"),
        ("Weir 370 flashlıght", "Weir 370, əl fənəri"),
        ("Lampenhalter Deluxe", "Lampenhalter Deluxe"),
    ],
)
def test_titles_name_model_kind_and_figures_in_the_language_of_the_page(title, expected):
    assert translate_title(title, "az") == expected
    assert translate_title(title, "en") == title


def test_titles_name_only_charging_that_imports_store():
    assert vocabulary.CHARGING.keys() <= {code for code, _pattern in spec_patterns.CHARGING}
