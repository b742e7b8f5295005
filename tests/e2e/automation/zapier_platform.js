// Runs the app in Zapier's own library; prints what it did as JSON.
// node zapier_platform.js ADDRESS KEY HOOK_ADDRESS
const zapier = require('zapier-platform-core');
const schema = require('zapier-platform-schema');
const App = require('./index');

const [shop_url, api_key, targetUrl] = process.argv.slice(2);
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
  const inputData = { sku: 'HL-0', channel: 'shop' };
  const found = await run(App.searches.find_listing.operation.perform, { authData, inputData });
  const did = {
    errors: errors.map(String),
    samples: samples.length,
    triggered: triggered.length,
    found,
  };
  process.stdout.write(`${JSON.stringify(did)}\n`);
}

main();
