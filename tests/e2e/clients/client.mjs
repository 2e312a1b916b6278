#!/usr/bin/env node
// client.mjs URL: a caller that knows nothing but the service's OpenAPI document. Sends a job and follows it to its end,
// sends another for later and cancels it; prints what it saw as JSON. The key stands in MAILENHANCE_KEY.
//
// Every body that goes out and every answer that comes in is checked against its schema.

const kindOf = value =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;

class Api {
  static async open(url, key) {
    const api = new Api();
    api.url = url.replace(/\/+$/, '');
    api.key = key;
    api.document = await (await fetch(`${api.url}/api/v1/openapi.json`)).json();
    return api;
  }

  resolve(schema) {
    while (schema.$ref)
      schema = schema.$ref.replace(/^#\//, '').split('/').reduce((found, part) => found[part], this.document);
    return schema;
  }

  check(value, given, place = 'body') {
    const schema = this.resolve(given);
    const kind = kindOf(value);
    const kinds = schema.type === undefined ? [kind] : [schema.type].flat();
    if (!kinds.includes(kind) && !(kind === 'integer' && kinds.includes('number')))
      throw new TypeError(`${place}: ${JSON.stringify(value)} is no ${kinds}`);
    if (value !== null && schema.enum && !schema.enum.includes(value))
      throw new RangeError(`${place}: ${value} is not among ${schema.enum}`);
    if (kind === 'array') value.forEach((item, index) => this.check(item, schema.items ?? {}, `${place}[${index}]`));
    if (kind === 'object') this.checkMembers(value, schema, place);
  }

  checkMembers(value, schema, place) {
    const known = schema.properties ?? {};
    for (const name of schema.required ?? []) if (!(name in value)) throw new Error(`${place}: ${name} is missing`);
    for (const [name, member] of Object.entries(value)) {
      if (!(name in known) && schema.additionalProperties === false) throw new Error(`${place}: ${name} is unknown`);
      this.check(member, known[name] ?? {}, `${place}.${name}`);
    }
  }

  // The path and method as the document writes them.
  async ask(path, method, { body, headers = {}, ...values } = {}) {
    const operation = this.document.paths[path][method];
    for (const parameter of operation.parameters ?? [])
      if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(values[parameter.name]));
    headers = { Authorization: `Bearer ${this.key}`, ...headers };
    if (body !== undefined) {
      this.check(body, operation.requestBody.content['application/json'].schema);
      headers['Content-Type'] = 'application/json';
    }
    const answer = await fetch(this.url + path, { method: method.toUpperCase(), headers, body: body && JSON.stringify(body) });
    const described = operation.responses[answer.status] ?? operation.responses.default;
    return { answer, described };
  }

  async call(path, method, options) {
    const { answer, described } = await this.ask(path, method, options);
    const type = answer.headers.get('content-type').split(';')[0];
    const found = await answer.json();
    this.check(found, described.content[type].schema, path);
    return { status: answer.status, ...found };
  }

  // Server-Sent Events, one object each.
  async *events(path, options) {
    const { answer, described } = await this.ask(path, 'get', options);
    if (answer.status === 204) return;
    if (!('text/event-stream' in described.content)) throw new Error('no stream is described');
    const decoder = new TextDecoder();
    let text = '';
    for await (const piece of answer.body) {
      text += decoder.decode(piece, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = text.slice(0, end).split('\n').map(line => line.match(/^([^:]*):? ?(.*)$/).slice(1));
        text = text.slice(end + 2);
        const event = Object.fromEntries(fields);
        if (event.data) yield { ...event, data: JSON.parse(event.data) };
      }
    }
  }
}

const api = await Api.open(process.argv[2], process.env.MAILENHANCE_KEY);
const messages = '/api/v1/messages';

const accepted = await api.call(messages, 'post', {
  body: {
    to: [{ address: 'wong@example.hk', name: '王小明' }, 'lee@example.hk'],
    subject: 'From Node',
    html: '<p>Good day</p>',
  },
});
const seen = new Set();
let state, last;
for await (const event of api.events(`${messages}/{id}/events`, { id: accepted.id })) {
  seen.add(event.event);
  last = event.id;
  if (event.event === 'state') state = event.data.state;
}
// Who comes back after the end is not told the same again.
let again = 0;
const back = { id: accepted.id, headers: { 'Last-Event-ID': last } };
for await (const event of api.events(`${messages}/{id}/events`, back)) again += event ? 1 : 0;
const job = await api.call(`${messages}/{id}`, 'get', { id: accepted.id });
const { items } = await api.call(`${messages}/{id}/recipients`, 'get', { id: accepted.id });

const sendAt = new Date(Date.now() + 24 * 3600 * 1000).toISOString();
const later = await api.call(messages, 'post', { body: { to: ['wong@example.hk'], text: 'Never sent', sendAt } });
const ended = await api.call(`${messages}/{id}/cancel`, 'post', { id: later.id });
const shown = await api.call(`${messages}/{id}`, 'get', { id: later.id });
const refused = await api.call(`${messages}/{id}`, 'get', { id: '0000000000000' });

console.log(JSON.stringify({
  sent: job.counts.sent,
  state,
  events: [...seen].sort(),
  again,
  addresses: Object.fromEntries(items.map(row => [row.address, row.status])),
  cancelled: ended.cancelled,
  later: shown.state,
  refused: refused.status,
}));
