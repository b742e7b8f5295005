// The Zapier app of Fara: definition.json describes all requests; hooks hand over what they receive.
const core = require('zapier-platform-core');
const definition = require('./definition.json');

for (const trigger of Object.values(definition.triggers)) {
  trigger.operation.perform = (z, bundle) => [bundle.cleanedRequest];
}

module.exports = {
  version: require('./package.json').version,
  platformVersion: core.version,
  ...definition,
};
