// The Zapier app of Fara, built from definition.json. Zapier fills in requests by itself, but leaves
// templates of missing values in nested bodies; the requests of steps are therefore filled in here.
const core = require('zapier-platform-core');
const definition = require('./definition.json');

const TEMPLATE = /\{\{bundle\.(\w+)\.(\w+)\}\}/g;
const WHOLE = new RegExp(`^${TEMPLATE.source}$`);

// Fill in the values of a request. One that is the whole text keeps its type, and is left out if it
// is missing. Within a text, what the user entered is encoded: URLs and headers take only ASCII.
const filled = (request, bundle) =>
  JSON.parse(JSON.stringify(request), (_, value) => {
    if (typeof value !== 'string') return value;
    const whole = value.match(WHOLE);
    if (whole) {
      const found = bundle[whole[1]][whole[2]];
      return found === '' || found === null ? undefined : found;
    }
    return value.replace(TEMPLATE, (__, part, name) =>
      part === 'inputData' ? encodeURIComponent(bundle[part][name]) : bundle[part][name],
    );
  });

const send = async (z, request, bundle) => (await z.request(filled(request, bundle))).data;

const named = (entries, operation) =>
  Object.fromEntries(
    Object.entries(entries).map(([key, { noun, label, description, ...rest }]) => [
      key,
      { key, noun, display: { label, description }, operation: operation(rest) },
    ]),
  );

const trigger = ({ event }) => {
  const hook = JSON.parse(JSON.stringify(definition.hook).replaceAll('{{event}}', event));
  return {
    ...hook,
    type: 'hook',
    perform: (z, bundle) => [bundle.cleanedRequest],
    performUnsubscribe: async (z, bundle) => {
      await send(z, hook.performUnsubscribe, bundle);
      return {};
    },
    sample: { id: 'evt_0', type: event, timestamp: '2026-11-24T10:00:00Z' },
  };
};

module.exports = {
  version: require('./package.json').version,
  platformVersion: core.version,
  authentication: definition.authentication,
  requestTemplate: definition.requestTemplate,
  triggers: named(definition.triggers, trigger),
  searches: named(definition.searches, ({ perform, ...rest }) => ({
    ...rest,
    perform: async (z, bundle) => (await send(z, perform, bundle)).results,
  })),
  creates: named(definition.creates, ({ perform, ...rest }) => ({
    ...rest,
    perform: (z, bundle) => send(z, perform, bundle),
  })),
};
