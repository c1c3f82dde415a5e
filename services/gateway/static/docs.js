/** The page of the API: draws what /openapi.json says, with text nodes only. */

import { make } from './dom.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const spec = await (await fetch('/openapi.json')).json();
const calls = Object.entries(spec.paths).flatMap(([path, methods]) =>
  METHODS.filter((method) => method in methods).map((method) => ({ path, method, ...methods[method] })),
);
const subjects = [...new Set(calls.map(({ tags }) => tags[0]))];

document.getElementById('contents').append(
  make('ul', {}, ...subjects.map((s) => make('li', {}, make('a', { href: `#${s}` }, s)))),
);
document.getElementById('calls').replaceChildren(
  ...subjects.flatMap((subject) => [
    make('h2', { id: subject }, subject),
    ...calls.filter(({ tags }) => tags[0] === subject).map(call),
  ]),
);

function call({ path, method, summary, description, parameters, requestBody, responses }) {
  return make(
    'details',
    {},
    make(
      'summary',
      {},
      make('b', { class: 'method' }, method.toUpperCase()),
      make('code', {}, path),
      make('span', {}, summary),
    ),
    make(
      'div',
      { class: 'inside' },
      description ? make('p', {}, ...prose(description)) : null,
      parameters.length ? section('Parameters', parameters.map(parameter)) : null,
      ...Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => section(type, fields(schema))),
      section('Answers', Object.entries(responses).map(answer)),
    ),
  );
}

function section(title, rows) {
  return make('section', {}, make('h3', {}, title), make('table', {}, ...rows));
}

function row(name, shape, text) {
  const code = make('td', {}, make('code', {}, shape));
  return make('tr', {}, make('th', { scope: 'row' }, make('code', {}, name)), code, make('td', {}, ...prose(text ?? '')));
}

/** Text whose `backticks` become code. */
function prose(text) {
  return text.split('`').map((part, i) => (i % 2 ? make('code', {}, part) : part));
}

function parameter({ name, in: place, schema, description }) {
  return row(name, `${place}, ${shapeOf(schema)}`, description);
}

function answer([status, { description, content }]) {
  const shapes = Object.entries(content ?? {}).map(([type, { schema }]) =>
    schema.$ref ? nameOf(schema) : type,
  );
  return row(status, shapes.join(', '), description);
}

function fields(schema) {
  const { properties = {} } = schema.$ref ? spec.components.schemas[nameOf(schema)] : schema;
  return Object.entries(properties).map(([name, one]) => row(name, shapeOf(one), one.description));
}

function nameOf({ $ref }) {
  return $ref.split('/').at(-1);
}

/** A type in a few words: `string`, `integer 1..100`, `Filters or null`, `array of string`. */
function shapeOf(schema) {
  if (schema.$ref) return nameOf(schema);
  if (schema.anyOf) return schema.anyOf.map(shapeOf).join(' or ');
  if (schema.enum) return schema.enum.join(' | ');
  if (schema.type === 'array') return schema.items ? `array of ${shapeOf(schema.items)}` : 'array';
  const range = 'minimum' in schema || 'maximum' in schema ? ` ${schema.minimum ?? ''}..${schema.maximum ?? ''}` : '';
  return `${schema.format === 'binary' ? 'file' : (schema.type ?? 'any')}${range}`;
}
