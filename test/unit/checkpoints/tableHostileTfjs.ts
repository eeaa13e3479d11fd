/** Models of TensorFlow.js that want to take memory, time, or what is none of theirs. */
import { text } from '../../support/checkpoints';
import { entriesOf, manifestOf, weight } from '../../support/tfjsModels';
import type { HostileFile } from './tableHostileFiles';

const file = 'model.json';
const good = weight('good/kernel', [2, 1], [1, 2]);
const { groups, shards } = manifestOf([good]);
const of = (manifest: unknown, more: object = {}): Uint8Array =>
  text(JSON.stringify({ format: 'layers-model', ...more, weightsManifest: manifest }));
/** A group beside the good one, with a weight of it. */
const beside = (paths: readonly string[], entry: object = {}): unknown => [
  ...groups,
  { paths, weights: [{ ...entriesOf([{ ...good, name: 'bad' }])[0], ...entry }] },
];
const shown = { 'good/kernel': [1, 2] } as const;

export const hostileTfjs: readonly HostileFile[] = [
  ...Object.entries({
    '../secret.bin': /leads out of its folder/,
    '/etc/passwd': /absolute path/,
    'C:\\secret.bin': /holds a colon/,
    'https://example.com/a.bin': /holds a colon/,
    'a\\..\\..\\secret.bin': /leads out of its folder/,
    'a\0.bin': /NUL/,
    'group1-shard1of1.bin': /stands twice in the manifest/,
    [file]: /cut short|bytes/,
  }).map(([path, reason]) => ({
    what: `a manifest that names ${JSON.stringify(path)}`,
    file,
    // itself is a file like any other, whose bytes are numbers: only its size can be wrong
    bytes: of(path === file ? beside([path], { shape: [1e6] }) : beside([path])),
    beside: shards,
    tensors: { ...shown, bad: reason },
  })),
  {
    what: 'a shape of 10⁹ in a file of a kilobyte',
    file,
    bytes: of(beside(['b.bin'], { shape: [1e9] })),
    beside: { ...shards, 'b.bin': new Uint8Array(8) },
    tensors: { ...shown, bad: /b\.bin is cut short/ },
  },
  {
    what: 'a shape whose product is beyond all numbers',
    file,
    bytes: of(beside(['b.bin'], { shape: [2 ** 40, 2 ** 40] })),
    beside: { ...shards, 'b.bin': new Uint8Array(8) },
    tensors: { ...shown, bad: /beyond all memory/ },
  },
  {
    what: 'a billion texts in a file of eight bytes',
    file,
    bytes: of(beside(['b.bin'], { dtype: 'string', shape: [1e9] })),
    beside: { ...shards, 'b.bin': new Uint8Array(8) },
    tensors: { ...shown, bad: /text/ },
  },
  {
    what: 'a scale beyond all numbers',
    file,
    bytes: text(
      JSON.stringify({
        weightsManifest: beside(['b.bin'], { quantization: { dtype: 'uint8', scale: 4711, min: 0 } }),
      }).replace('4711', '1e999'),
    ),
    beside: { ...shards, 'b.bin': new Uint8Array(2) },
    tensors: { ...shown, bad: /no finite scale and min/ },
  },
  {
    what: 'a scale that leads beyond float32',
    file,
    bytes: of(beside(['b.bin'], { quantization: { dtype: 'uint8', scale: 1e308, min: 0 } })),
    beside: { ...shards, 'b.bin': Uint8Array.of(0, 9) },
    tensors: { ...shown, bad: [0, Infinity] },
  },
  {
    what: 'names of what every object has, in manifest and topology',
    file,
    bytes: of(manifestOf(['__proto__', 'constructor'].map(name => weight(name, [1], [3]))).groups, {
      modelTopology: JSON.parse(
        '{"__proto__": {"polluted": 1}, "class_name": "constructor", "config": {"name": "__proto__"}}',
      ) as unknown,
    }),
    beside: { 'group1-shard1of1.bin': new Uint8Array(Float32Array.of(3, 3).buffer) },
    tensors: { ['__proto__']: [3], constructor: [3] },
  },
  {
    what: 'a topology nested without end',
    file,
    bytes: text(`{"modelTopology": ${'{"config":'.repeat(100_000)}`),
    refused: /nested deeper than 100/,
  },
  {
    what: 'a hundred nodes that pass each other on',
    file,
    bytes: of(groups, {
      format: 'graph-model',
      modelTopology: {
        node: Array.from({ length: 100 }, (_, i) => ({ name: `n${i}`, op: 'Identity', input: [`n${(i + 1) % 100}`] })),
      },
    }),
    beside: shards,
    tensors: shown,
  },
];
