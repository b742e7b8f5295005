"""Shopify documents: the GraphQL queries and mutations of the adapter. Pure.

Each operation has the name of its main field, which logs and limits use. Version 2026-10.
"""

from collections.abc import Sequence

API_VERSION = "2026-10"
STOCK_ROWS_PER_CALL = 250  # Shopify's limit of an input list
PAGE_SIZE = 250
# A query may cost 1,000 points: a list of orders reads few parts of each. An order that has more
# is read again, alone.
ORDERS_PER_PAGE, LINES_IN_LIST, PARTS_IN_LIST = 4, 10, 5
ORDERS_COST = 700.0
LINES_PER_PAGE, PARTS_ALONE = 25, (10, 50)  # parts: parcels, refunds and the lines of each

SHOP = """
query shop {
  shop { name currencyCode taxesIncluded }
  currentAppInstallation { accessScopes { handle } }
  locations(first: 50) { nodes { id name } }
}
"""

SHOP_ID = "query shop_id { shop { id } }"

PLACES = """
query places {
  locations(first: 1) { nodes { id } }
  publications(first: 20, catalogType: APP) { nodes { id catalog { title } } }
}
"""


def aliased(  # noqa: PLR0913 - the parts of a mutation
    operation: str,
    *,
    variables: Sequence[str],
    call: str,
    answer: str,
    count: int,
    shared: str = "",
    before: str = "",
) -> str:
    """Return a mutation that calls a field ``count`` times, with numbered variables.

    ``variables`` are names and types such as ``input: ProductSetInput!``; ``call`` names them as
    ``$input``, and each gets the number of its call. ``shared`` declares variables of all calls.
    ``before`` is a field that is called first.
    """
    names = [name for name, _, _ in (each.partition(":") for each in variables)]
    declared, calls = [shared] if shared else [], []
    for number in range(count):
        own = call
        for name in names:
            own = own.replace(f"${name}", f"${name}{number}")
        declared += [each.replace(":", f"{number}:", 1) for each in map("${}".format, variables)]
        calls.append(f"  a{number}: {own} {answer}")
    fields = "\n".join([*([before] if before else []), *calls])
    return f"mutation {operation}({', '.join(declared)}) {{\n{fields}\n}}"


PRODUCT_ANSWER = """{
    product { id variants(first: $first) { nodes { id sku inventoryItem { id } } } }
    userErrors { code field message }
  }"""


DEFINE_KEY = """  define: metafieldDefinitionCreate(definition: $definition) {
    userErrors { code field message }
  }"""


def product_set(count: int, *, defines_key: bool) -> str:
    """Return the mutation that writes ``count`` products, perhaps after the definition of a key."""
    definition = ", $definition: MetafieldDefinitionInput!" if defines_key else ""
    return aliased(
        "productSet",
        variables=("identifier: ProductSetIdentifiers!", "input: ProductSetInput!"),
        call="productSet(identifier: $identifier, input: $input, synchronous: true)",
        answer=PRODUCT_ANSWER,
        count=count,
        shared=f"$first: Int!{definition}",
        before=DEFINE_KEY if defines_key else "",
    )


def publish(count: int) -> str:
    return aliased(
        "publishablePublish",
        variables=("id: ID!",),
        call="publishablePublish(id: $id, input: $publications)",
        answer="{ userErrors { field message } }",
        count=count,
        shared="$publications: [PublicationInput!]!",
    )


def product_status(count: int) -> str:
    return aliased(
        "productUpdate",
        variables=("product: ProductUpdateInput!",),
        call="productUpdate(product: $product)",
        answer="{ product { id } userErrors { field message } }",
        count=count,
    )


def prices(count: int) -> str:
    """Return the mutation that sets the prices of variants of ``count`` products."""
    return aliased(
        "productVariantsBulkUpdate",
        variables=("productId: ID!", "variants: [ProductVariantsBulkInput!]!"),
        call="productVariantsBulkUpdate("
        "productId: $productId, variants: $variants, allowPartialUpdates: true)",
        answer="{ userErrors { code field message } }",
        count=count,
    )


STOCK = """
mutation inventorySetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    userErrors { code field message }
  }
}
"""

VARIANTS = """
query productVariants($first: Int!, $after: String, $location: ID!) {
  shop { currencyCode }
  productVariants(first: $first, after: $after) {
    nodes {
      id sku price compareAtPrice
      product { id status }
      inventoryItem {
        id
        inventoryLevel(locationId: $location) { quantities(names: ["available"]) { quantity } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

# Orders

_MONEY = "{ shopMoney { amount currencyCode } }"
_TAXES = f"taxLines {{ rate priceSet {_MONEY} }}"
_LINES = f"""
    nodes {{
      id sku title quantity unfulfilledQuantity
      variant {{ id }}
      originalUnitPriceSet {_MONEY}
      discountAllocations {{ allocatedAmountSet {_MONEY} }}
      {_TAXES}
    }}
    pageInfo {{ hasNextPage endCursor }}
"""
_REFUND = f"""
fragment RefundFields on Refund {{
  id note createdAt processedAt
  totalRefundedSet {_MONEY}
  refundLineItems(first: $parts) {{ nodes {{ quantity lineItem {{ id }} }} }}
}}
"""
_ORDER = (
    f"""
fragment OrderFields on Order {{
  id name createdAt processedAt updatedAt cancelledAt test
  displayFinancialStatus taxesIncluded currencyCode email customerLocale
  shippingAddress {{ name company address1 address2 zip city provinceCode countryCodeV2 phone }}
  totalPriceSet {_MONEY}
  shippingLines(first: 2) {{ nodes {{ discountedPriceSet {_MONEY} {_TAXES} }} }}
  lineItems(first: $lines) {{ {_LINES} }}
  fulfillments(first: $parts) {{
    status
    fulfillmentLineItems(first: $parts) {{ nodes {{ quantity lineItem {{ id }} }} }}
  }}
  refunds(first: $parts) {{ ...RefundFields }}
}}
"""
    + _REFUND
)

ORDERS = (
    """
query orders($first: Int!, $after: String, $query: String!, $lines: Int!, $parts: Int!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { ...OrderFields }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _ORDER
)
ORDER = (
    "query order($id: ID!, $lines: Int!, $parts: Int!) { order(id: $id) { ...OrderFields } }"
    + _ORDER
)
MORE_LINES = f"""
query lineItems($id: ID!, $first: Int!, $after: String!) {{
  order(id: $id) {{ lineItems(first: $first, after: $after) {{ {_LINES} }} }}
}}
"""

# Fulfillments

FULFILLMENT_ORDERS = """
query fulfillmentOrders($id: ID!) {
  order(id: $id) {
    cancelledAt
    fulfillments(first: 50) {
      id status
      trackingInfo(first: 5) { number }
      fulfillmentLineItems(first: 50) { nodes { quantity lineItem { id } } }
    }
    fulfillmentOrders(first: 20) {
      nodes {
        id status
        assignedLocation { location { id } }
        lineItems(first: 50) { nodes { id remainingQuantity lineItem { id } } }
      }
    }
  }
}
"""
FULFILL = """
mutation fulfillmentCreate($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment { id }
    userErrors { field message }
  }
}
"""
FULFILLMENT = """
query fulfillment($id: ID!) {
  fulfillment(id: $id) { id trackingInfo(first: 5) { number url company } }
}
"""
TRACKING = """
mutation fulfillmentTrackingInfoUpdate($id: ID!, $tracking: FulfillmentTrackingInput!) {
  fulfillmentTrackingInfoUpdate(
    fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: true
  ) { fulfillment { id } userErrors { field message } }
}
"""

# Cancellation and refunds

CANCELED_AT = "query canceledAt($id: ID!) { order(id: $id) { cancelledAt } }"
CANCEL = """
mutation orderCancel($id: ID!, $note: String!) {
  orderCancel(
    orderId: $id, reason: OTHER, restock: false, notifyCustomer: true, staffNote: $note
    refundMethod: { originalPaymentMethodsRefund: false }
  ) { job { id done } orderCancelUserErrors { code field message } }
}
"""
PAYMENTS = (
    """
query payments($id: ID!, $parts: Int!) {
  order(id: $id) {
    currencyCode presentmentCurrencyCode
    refunds(first: $parts) { ...RefundFields }
    transactions(first: 100) {
      id kind status gateway
      amountSet { shopMoney { amount currencyCode } }
      parentTransaction { id }
    }
  }
}
"""
    + _REFUND
)
REFUND = (
    """
mutation refundCreate($input: RefundInput!, $key: String!, $parts: Int!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { ...RefundFields }
    userErrors { field message }
  }
}
"""
    + _REFUND
)

# Webhooks

SUBSCRIPTIONS = """
query webhookSubscriptions {
  webhookSubscriptions(first: 100) { nodes { topic uri } }
}
"""


def subscribe(count: int) -> str:
    return aliased(
        "webhookSubscriptionCreate",
        variables=("topic: WebhookSubscriptionTopic!",),
        call="webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription)",
        answer="{ userErrors { field message } }",
        count=count,
        shared="$subscription: WebhookSubscriptionInput!",
    )
