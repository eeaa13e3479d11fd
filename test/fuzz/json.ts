/** Damage to JSON: to the values, with their structure in view, and to the text. */
import type { Random } from '../../src/shared/random';
import { damageBytes } from './bytes';
import { pick } from './target';

type Container = Record<string | number, unknown>;

/** Deep enough to tell recursion from a loop, not so deep that JSON.stringify gives up. */
export const deep = 500;
/** Of a text: no recursion gets through. */
const bottomless = 100_000;

/** Lists and objects within each other, in turn. */
export const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
};

const hostile: readonly ((random: Random) => unknown)[] = [
  () => null,
  random => random.nextBelow(2) === 0,
  random =>
    pick(random, [0, -0, -1, 1, 1.5, 1e-308, 1e308, -1e308, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, -(2 ** 53)]),
  random =>
    pick(random, [
      '',
      ' ',
      '\u0000',
      '\ud800',
      '../../x',
      '/etc/passwd',
      '__proto__',
      'constructor',
      'NaN',
      '1e999',
      '%',
      '-1 epochs',
    ]),
  random => 'x'.repeat(pick(random, [300, 20_000])),
  random => pick<() => unknown>(random, [() => [], () => ({}), () => [[]], () => [null], () => ({ length: 3 })])(),
  random => Array.from({ length: pick(random, [3, 300]) }, () => random.nextUint32()),
  () => JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 1, "toString": 2}') as unknown,
  () => nested(deep),
];

const draw = (random: Random): unknown => pick(random, hostile)(random);

/** Every place in the value, as the object or list around it and the key there. */
export function places(root: Container): [Container, string | number][] {
  const found: [Container, string | number][] = [];
  const visit = (around: Container): void => {
    for (const key of Array.isArray(around) ? around.keys() : Object.keys(around)) {
      found.push([around, key]);
      const value = around[key];
      if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) visit(value as Container);
    }
  };
  visit(root);
  return found;
}

const isLarge = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && places(value as Container).length > 50;

function damageOnce(root: Container, random: Random): void {
  const all = places(root);
  const [around, key] = pick(random, all);
  const value = around[key];
  const change = random.nextBelow(9);
  if (change <= 2) around[key] = draw(random);
  else if (change === 3) Reflect.deleteProperty(around, key);
  else if (change === 4 && !Array.isArray(around)) {
    Reflect.deleteProperty(around, key);
    around[`${key}x`] = value;
  } else if (change === 5) {
    // another value of the same document: right in itself, wrong here
    const [elsewhere, other] = pick(random, all);
    around[key] = structuredClone(elsewhere[other]);
  } else if (change === 6 && Array.isArray(value)) {
    const item: unknown = value[0];
    // hundreds of one that is deep, and indented, come to more bytes than a case may have
    const most = isLarge(item) ? value.length + 1 : 300;
    around[key] = new Array<unknown>(pick(random, [0, value.length + 1, most])).fill(item);
  } else if (value instanceof Float32Array || value instanceof Uint32Array || value instanceof Uint8Array) {
    around[key] = pick(random, [
      value.subarray(1),
      new Float32Array(value.length + 1),
      new Float32Array(value.length).fill(NaN),
      new Uint32Array(value.length).fill(2 ** 32 - 1),
      new Uint8Array(value.length),
      [...value],
    ]);
  } else if (typeof value === 'number') {
    around[key] = pick(random, [-value, value + 1, value - 1, value * 1e6, value / 3, String(value)]);
  } else if (typeof value === 'string') {
    around[key] = pick(random, [value.slice(1), `${value}${value}`, value.toUpperCase(), `${value}\u0000`, [value]]);
  } else around[random.nextBelow(2) === 0 ? 'extra' : key] = draw(random);
}

/** Damaged once to three times; the value given stays as it is. */
export function damageValue(value: unknown, random: Random): unknown {
  if (random.nextBelow(40) === 0) return draw(random);
  // in a box, so that the root is a place too
  const box: Container = { value: structuredClone(value) };
  for (let times = 1 + random.nextBelow(3); times > 0; times--) {
    const inner = box['value'];
    if (typeof inner !== 'object' || inner === null || places(inner as Container).length === 0) break;
    damageOnce(inner as Container, random);
  }
  return box['value'];
}

/** Damages the text itself: its bytes, or at a place where JSON may take anything. */
export function damageText(text: string, random: Random): Buffer {
  if (random.nextBelow(2) === 0) return damageBytes(Buffer.from(text), random);
  const at = random.nextBelow(text.length + 1);
  const inserted = pick(random, [
    '[',
    '{"a":',
    '}',
    '"',
    '/*',
    '//',
    '\\u12',
    '\uFEFF',
    ',',
    '1e9999',
    '-',
    'null',
    '"name":1,',
  ]);
  const times = inserted === '[' || inserted === '{"a":' ? bottomless : 1 + random.nextBelow(2);
  return Buffer.from(text.slice(0, at) + inserted.repeat(times) + text.slice(at));
}

/** JSON text with its values or the text itself damaged. */
export function damageJson(value: unknown, random: Random): Buffer {
  if (random.nextBelow(3) === 0) return damageText(JSON.stringify(value, null, 2), random);
  return Buffer.from(JSON.stringify(damageValue(value, random)));
}
