"""The suppliers we can speak to."""

ADAPTERS = {
    "cj": "suppliers.adapters.cj.CJ",
    "fake": "suppliers.adapters.fake.FakeSupplier",
}
