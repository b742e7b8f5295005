// The Zapier app of Fara: definition.json describes all requests. Functions are needed where an
// answer is not a JSON object: hooks, an unsubscription (204), the rows of a page.
const core = require('zapier-platform-core');
const definition = require('./definition.json');

// Fill in the values of a request; Zapier does it only for requests that are no functions.
const filled = (request, bundle) =>
  JSON.parse(JSON.stringify(request), (_, value) =>
    typeof value === 'string'
      ? value.replace(/\{\{bundle\.(\w+)\.(\w+)\}\}/g, (__, part, name) => bundle[part][name])
      : value,
  );

for (const { operation } of Object.values(definition.triggers)) {
  const unsubscription = operation.performUnsubscribe;
  operation.perform = (z, bundle) => [bundle.cleanedRequest];
  operation.performUnsubscribe = async (z, bundle) => {
    await z.request(filled(unsubscription, bundle));
    return {};
  };
}
for (const { operation } of Object.values(definition.searches)) {
  const search = operation.perform;
  operation.perform = async (z, bundle) => {
    const { data } = await z.request(filled(search, bundle));
    return data.results;
  };
}

module.exports = {
  version: require('./package.json').version,
  platformVersion: core.version,
  ...definition,
};
