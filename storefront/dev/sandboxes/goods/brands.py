"""Brands: list invented makers, generate model names. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """One brand: its address, its price level, and the accent of its drawings."""

    name: str
    code: str
    legal_name: str
    address: str
    email: str
    price_factor: float
    accent: str
    families: frozenset[str]
    voice: str

    @property
    def is_in_eu(self) -> bool:
        return self.address.endswith((", DE", ", RO"))


_ALL = frozenset(
    {
        "flashlights",
        "headlamps",
        "lanterns",
        "work lights",
        "bike lights",
        "keychain lights",
        "batteries",
        "accessories",
    }
)

BRANDS = (
    Brand(
        name="Brassmoth",
        code="BM",
        legal_name="Brassmoth Lighting Co., Ltd.",
        address="Building 7, Example Industrial Park, Ningbo, CN",
        email="care@brassmoth.example",
        price_factor=1.15,
        accent="#e0a23a",
        families=_ALL - {"bike lights"},
        voice="It does one thing and does not talk about it.",
    ),
    Brand(
        name="Nattvik",
        code="NV",
        legal_name="Nattvik Lys AS",
        address="Eksempelveien 4, Bergen, NO",
        email="hei@nattvik.example",
        price_factor=1.28,
        accent="#4fb3d9",
        families=frozenset({"headlamps", "lanterns", "bike lights", "accessories"}),
        voice="Made where night lasts until March.",
    ),
    Brand(
        name="Kestmoor",
        code="KM",
        legal_name="Kestmoor Tools GmbH",
        address="Musterstrasse 12, Solingen, DE",
        email="post@kestmoor.example",
        price_factor=1.2,
        accent="#e4572e",
        families=frozenset({"flashlights", "work lights", "batteries", "accessories"}),
        voice="Screwed together, so that it can be unscrewed.",
    ),
    Brand(
        name="Pellumbra",
        code="PL",
        legal_name="Pellumbra Optics Ltd.",
        address="Unit 3, Sample Trade Centre, Shenzhen, CN",
        email="support@pellumbra.example",
        price_factor=1.0,
        accent="#7bd389",
        families=_ALL,
        voice="The numbers below were measured on the sample we ship.",
    ),
    Brand(
        name="Oddfell",
        code="OF",
        legal_name="Oddfell Outdoor Inc.",
        address="100 Example Avenue, Portland, OR, US",
        email="hello@oddfell.example",
        price_factor=1.08,
        accent="#f2c230",
        families=_ALL - {"work lights", "batteries"},
        voice="Tested by people who forget to charge things.",
    ),
    Brand(
        name="Varrowick",
        code="VW",
        legal_name="Varrowick Electric Co., Ltd.",
        address="18 Placeholder Road, Zhongshan, CN",
        email="service@varrowick.example",
        price_factor=0.86,
        accent="#d94f70",
        families=_ALL,
        voice="Plain, cheap, and honest about both.",
    ),
    Brand(
        name="Tindrel",
        code="TD",
        legal_name="Tindrel Mountain Lights SRL",
        address="Strada Exemplu 9, Brasov, RO",
        email="salut@tindrel.example",
        price_factor=1.12,
        accent="#9b7bd8",
        families=frozenset({"headlamps", "flashlights", "keychain lights", "accessories"}),
        voice="Weighed first, admired later.",
    ),
    Brand(
        name="Hobbleton",
        code="HB",
        legal_name="Hobbleton and Daughters Ltd.",
        address="2 Sample Lane, Sheffield, GB",
        email="office@hobbleton.example",
        price_factor=1.22,
        accent="#c9b28a",
        families=frozenset({"lanterns", "work lights", "flashlights", "accessories"}),
        voice="Three generations of staying up late.",
    ),
    Brand(
        name="Zuvolt",
        code="ZV",
        legal_name="Zuvolt Energy Co., Ltd.",
        address="Block B, Specimen Science Park, Dongguan, CN",
        email="info@zuvolt.example",
        price_factor=0.95,
        accent="#38c6a0",
        families=frozenset({"batteries", "bike lights", "keychain lights", "work lights"}),
        voice="Capacity as printed. We checked the printer too.",
    ),
)

_WORD_LIST = """
Heron Ridge Moth Hearth Needle Badger Lintel Ferry Plover Anvil Tarn Gable Otter Signal Bramble
Quarry Wicket Larder Sexton Drover Kestrel Furrow Mason Thimble Beacon Hollow Marten Pilot
Sorrel Vesper Cooper Ember Fathom Gannet Hatch Isobar Jetty Knot Ledger Milestone Nightjar Oxbow
Pylon Quill Rook Spindle Tollgate Usher Verge Warden Yarrow Adit Bodkin Cinder Dormouse Eaves
Fossa Gimlet Hinge Inkwell Juniper Kiln Lodestar Mullion Nettle Osprey Pantry Quoin Rafter
Sluice Trestle Umber Viaduct Weir Yawl Zenith Alder Bittern Corbel Dibber Estuary Finial Grebe
Haven Ibex Jackdaw Keystone Lapwing Merlin Newel Orrery Parapet Quarter Rampart Shale Turnstile
Undertow Vole Wren Xylem Almanac Bellows Chisel Dory Easel Fennel Gantry Hawser Islet Jib Kelp
Lattice Magpie Nook Oriel Poplar Ratchet Stile Tiller Urchin Vane Whinchat Barrow Crag Dovetail
Fjord Gorse Heddle Knoll Linnet Mooring Nuthatch Outpost Pintail Rowan Scree Thresher Tern Vigil
Wharf Acre Bevel Culvert Dunlin Eyot Flint Girder Hamlet Inglenook Jamb Kittiwake Lathe Mallet
Notch Oarlock Pebble Redwing Sandbar Timber Ullage Vetch Wagtail Bollard Curlew Drumlin Ermine
Fettle Gudgeon Halyard Icefall Joist Kingpin Lugger Moraine Nightfall Oakum Pinnace Rivet Stoat
Towpath Upland Vellum Wimble Capstan Dipper Fulcrum Garnet Hillock Latch Meridian
"""
MODEL_WORDS = tuple(_WORD_LIST.split())


def word_of(index: int) -> str:
    """Return a different word for each product of a round; later rounds add a letter."""
    round_, place = divmod(index, len(MODEL_WORDS))
    word = MODEL_WORDS[place * 61 % len(MODEL_WORDS)]
    return word if round_ == 0 else f"{word} {_letters(round_)}"


def _letters(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(65 + digit) + text
    return text
