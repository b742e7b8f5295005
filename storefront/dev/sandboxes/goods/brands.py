"""Brands: read invented brands from data/brands.toml, generate model names."""

from dataclasses import dataclass

from .archetypes import read_data


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


BRANDS = tuple(
    Brand(name=name, **row | {"families": frozenset(row["families"])})
    for name, row in read_data("brands").items()
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
    """Return the word of a product: each word is used once, then again with a letter appended."""
    round_, place = divmod(index, len(MODEL_WORDS))
    word = MODEL_WORDS[place * 61 % len(MODEL_WORDS)]
    return word if round_ == 0 else f"{word} {_letters(round_)}"


def _letters(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(65 + digit) + text
    return text
