// A program of the shop's owner with types from the schema; prints what it did as JSON.
// node journey.js ADDRESS KEY SKU
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [address, key, sku] = process.argv.slice(2);
const client = createClient<paths>({
  baseUrl: address,
  headers: { Authorization: `Bearer ${key}` },
});

async function place() {
  const { data, error } = await client.POST("/api/v1/admin/orders/", {
    params: { header: { "Idempotency-Key": "typescript-1" } },
    body: {
      email: "erika@example.org",
      ship_to: {
        name: "Erika Muster",
        line1: "Musterweg 1",
        postcode: "10115",
        city: "Berlin",
        country: "DE",
      },
      lines: [{ sku, quantity: 2 }],
    },
  });
  if (!data) throw new Error(JSON.stringify(error));
  return data;
}

async function main() {
  const made = await place();
  const again = await place();
  const listed = await client.GET("/api/v1/admin/orders/");
  const canceled = await client.POST("/api/v1/admin/orders/{number}/cancel/", {
    params: { path: { number: made.number }, header: { "Idempotency-Key": "typescript-2" } },
    body: { reason: "The customer called." },
  });
  const unknown = await client.GET("/api/v1/admin/orders/{number}/", {
    params: { path: { number: "FL-000000-00000" } },
  });
  console.log(
    JSON.stringify({
      number: made.number,
      is_repeated: again.number === made.number,
      listed: listed.data?.results.map((order) => order.number),
      status: canceled.data?.status,
      unknown: unknown.error?.status,
    }),
  );
}

main();
