// Runs the app in Zapier's own library; prints what it did as JSON.
// node zapier_platform.js ADDRESS KEY HOOK_ADDRESS SKU
const zapier = require('zapier-platform-core');
const schema = require('zapier-platform-schema');
const App = require('./index');

const [shop_url, api_key, targetUrl, sku] = process.argv.slice(2);
const authData = { shop_url, api_key };
const run = zapier.createAppTester(App);

async function main() {
  // As Zapier stores it: a function is a text with the number of its parameters.
  const stored = JSON.parse(
    JSON.stringify(App, (_, value) =>
      typeof value === 'function' ? `$func$${value.length}$f$` : value,
    ),
  );
  const { errors } = schema.validateAppDefinition(stored);
  const { operation } = App.triggers.order_placed;
  await run(App.authentication.test, { authData });
  const subscribeData = await run(operation.performSubscribe, { authData, targetUrl });
  const samples = await run(operation.performList, { authData });
  const triggered = await run(operation.perform, { authData, cleanedRequest: samples[0] });
  await run(operation.performUnsubscribe, { authData, subscribeData, targetUrl });
  const find = App.searches.find_listing.operation.perform;
  const found = await run(find, { authData, inputData: { sku, channel: 'shop' } });
  // Without the optional fields, and with a reference that no header can contain.
  const inputData = {
    reference: 'zəng 12',
    email: 'erika@example.org',
    name: 'Erika Muster',
    line1: 'Musterweg 1',
    postcode: '10115',
    city: 'Berlin',
    country: 'DE',
    lines: [{ sku, quantity: 2 }],
  };
  const order = await run(App.creates.create_order.operation.perform, { authData, inputData });
  const did = {
    errors: errors.map(String),
    samples: samples.length,
    triggered: triggered.length,
    found: found.map((listing) => listing.sku),
    order: order.number,
  };
  process.stdout.write(`${JSON.stringify(did)}\n`);
}

main();
