/** ONNX models → Keras' layers with channels last, and their weights in that order. */
import { ExternalFiles } from '../../checkpoints/onnx/externalFiles';
import { openFile } from '../../checkpoints/source';
import { asModelError, checkTopology, fault, type ModelFile } from '../files/modelFile';
import { Constants } from './constants';
import { Emitter } from './emitter';
import { readGraph, type OnnxGraph, type OnnxInput, type OnnxNode } from './graphReader';
import { linear } from './linear';
import { arithmetic } from './arithmetic';
import { cutting } from './cutting';
import { inlined } from './inline';
import { passing } from './passing';
import { pooling } from './pooling';
import { settle } from './settle';
import { shaping } from './shaping';
import { Site, type Conversion } from './site';
import { channelsFirst, flatOrder, made, onnxShape, type Value } from './value';

const conversions: Readonly<Record<string, Conversion>> = {
  ...linear,
  ...arithmetic,
  ...pooling,
  ...shaping,
  ...cutting,
  ...passing,
};
/** Channels of pictures: more in the first axis behind the batch, and as few in the last, are height and channels. */
const mostColours = 4;

/** @throws ExperimentError (field "model") naming the file, the node and what to do */
export function readOnnxFile(file: string): Promise<ModelFile> {
  return asModelError(async () => {
    const source = await openFile(file);
    const files = new ExternalFiles(source);
    try {
      const graph = await readGraph(source);
      return await convert(file, graph, new Constants(source, files, graph.tensors));
    } finally {
      await files.close();
      await source.close();
    }
  });
}

async function convert(file: string, graph: OnnxGraph, constants: Constants): Promise<ModelFile> {
  const inputs = graph.inputs.filter(({ name }) => !graph.tensors.has(name));
  const [input] = inputs;
  const [output] = graph.outputs;
  if (!input || inputs.length !== 1)
    throw fault(file, `has ${inputs.length} inputs; only models with one can be trained`);
  if (output === undefined || graph.outputs.length !== 1) {
    throw fault(
      file,
      `has the outputs "${graph.outputs.join('", "')}"; only models with one can be trained: export the logits only`,
    );
  }
  const emitter = new Emitter(file);
  const first = inputValue(file, emitter, input);
  const values = new Map([[input.name, first]]);
  const nodes = inlined(file, graph);
  const uses = usesOf(nodes, graph.outputs);
  const parts = { file, producer: graph.producer, emitter, constants, values, reduced: new WeakMap(), uses, output };
  for (const node of nodes) {
    if (await constants.fold(node)) continue;
    const site = new Site(node, parts);
    const result = node.outputs[0] ?? site.refuse('has no output; export the model again');
    if (node.op === 'Shape' && node.domain === '') {
      // of the batch, whatever it is
      const end = node.attributes.get('end')?.integer;
      const shape = [-1, ...onnxShape(site.unsettled())].slice(site.integer('start', 0), end);
      constants.set(result, [shape.length], shape);
      continue;
    }
    values.set(result, await conversionOf(site)(site));
  }
  const last = settle(
    values.get(output) ?? fail(file, `makes nothing called "${output}", its output; export it again`),
  );
  if (flatOrder(last) !== null)
    throw fault(file, 'ends in an image with the channels first; end it in one output a class');
  const topology = emitter.topology(first.layer, last.layer);
  checkTopology(file, topology);
  return { topology, weights: emitter.weights };
}

function fail(file: string, message: string): never {
  throw fault(file, message);
}

function conversionOf(site: Site): Conversion {
  const { op, domain } = site.node;
  const found = domain === '' && Object.hasOwn(conversions, op) ? conversions[op] : undefined;
  return (
    found ??
    site.refuse(
      `is an operator${domain === '' ? '' : ` of "${domain}"`} that is not converted; build the model of ${Object.keys(conversions).join(', ')}`,
    )
  );
}

function inputValue(file: string, emitter: Emitter, { name, dims }: OnnxInput): Value {
  const [, ...sizes] = dims;
  const known = sizes.filter(size => size !== null);
  if (known.length !== sizes.length || sizes.length === 0 || sizes.length > 3) {
    const shown = dims.map(size => size ?? '?').join(', ');
    throw fault(
      file,
      `takes "${name}" of shape [${shown}]; export it for images of a fixed size, only the batch may be left open`,
    );
  }
  const isFirst = known.length === 3 && !(known[2]! <= mostColours && known[0]! > mostColours);
  const shape = isFirst ? [known[1]!, known[2]!, known[0]!] : known;
  const layer = emitter.add('InputLayer', name, { batch_shape: [null, ...shape] }, []);
  return made(layer, shape, isFirst ? channelsFirst : shape.map((_, axis) => axis));
}

function usesOf(nodes: readonly OnnxNode[], outputs: readonly string[]): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  for (const name of [...nodes.flatMap(({ inputs }) => inputs), ...outputs]) uses.set(name, (uses.get(name) ?? 0) + 1);
  return uses;
}
