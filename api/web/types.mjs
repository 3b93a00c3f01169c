// Writes src/generated/api.ts: the messages of the public proto files as the gateway's JSON has them.
//
// Names are lowerCamel; 64-bit integers, times, lengths of time and bytes are text; enums are unions of their names. A message that
// is not set is absent; every other field is always there. All fields of a request may be left out.
import protobuf from 'protobufjs';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const proto = path.resolve(here, '../../proto');
const target = path.join(here, 'src/generated/api.ts');

const plain = {
  string: 'string',
  bool: 'boolean',
  bytes: 'string',
  double: 'number',
  float: 'number',
  int32: 'number',
  uint32: 'number',
  sint32: 'number',
  fixed32: 'number',
  sfixed32: 'number',
  int64: 'string',
  uint64: 'string',
  sint64: 'string',
  fixed64: 'string',
  sfixed64: 'string',
};
const wellKnown = {
  'google.protobuf.Timestamp': 'string',
  'google.protobuf.Duration': 'string',
  'google.protobuf.FieldMask': 'string',
  'google.protobuf.Empty': 'Record<string, never>',
  'google.protobuf.Struct': 'Record<string, unknown>',
};
const internal = new Set(['link.proto', 'live_media.proto', 'options.proto']);

function load() {
  const root = new protobuf.Root();
  for (const name of readdirSync(path.join(proto, 'lectern/v1')).sort()) {
    if (!name.endsWith('.proto') || internal.has(name)) continue;
    protobuf.parse(readFileSync(path.join(proto, 'lectern/v1', name), 'utf8'), root, { keepCase: true });
  }
  return root;
}

const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
const nameOf = (type) => type.fullName.replace(/^\.lectern\.v1\./, '').replaceAll('.', '');

// [TypeScript type, whether it is a message]
function typeOf(field) {
  if (plain[field.type]) return [plain[field.type], false];
  if (field.type.startsWith('google.')) return [wellKnown[field.type] ?? 'unknown', true];
  field.resolve();
  return [nameOf(field.resolvedType), field.resolvedType instanceof protobuf.Type];
}

function fieldLine(field, request) {
  const [type, isMessage] = typeOf(field);
  const optional = request || (!field.repeated && !field.map && (isMessage || field.partOf));
  const whole = field.map ? `Record<string, ${type}>` : field.repeated ? `${type}[]` : type;
  return `  ${camel(field.name)}${optional ? '?' : ''}: ${whole};\n`;
}

function* declarations(namespace) {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Enum) {
      yield `export type ${nameOf(nested)} = ${Object.keys(nested.values)
        .map((value) => `'${value}'`)
        .join(' | ')};\n`;
    } else if (nested instanceof protobuf.Type) {
      const lines = nested.fieldsArray.map((field) => fieldLine(field, nested.name.endsWith('Request')));
      yield `export interface ${nameOf(nested)} {\n${lines.join('')}}\n`;
      yield* declarations(nested);
    }
  }
}

const text = `// Made from proto/lectern/v1 by types.mjs.\n\n${[...declarations(load().lookup('lectern.v1'))].join('\n')}`;
mkdirSync(path.dirname(target), { recursive: true });
let before = '';
try {
  before = readFileSync(target, 'utf8');
} catch {
  /* the first time */
}
if (before !== text) writeFileSync(target, text);
