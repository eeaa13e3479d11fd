/** Brings examples of the data set into a batch: in order, standardised, while training perhaps cropped and mirrored. */
import type { Regularization } from '../trainer';
import type { DeviceData, DeviceSplit } from './deviceData';
import { type Dispatch, reads, writes } from './dispatch';
import type { Range } from './memory';
import { elementwise, type Site } from './ops/operation';
import { hash } from './wgsl/random';
import { u32 } from './wgsl/text';

/** `fn rowOf(place: u32) -> u32`, the number in the split of an example of the batch. */
export function rowDeclaration(ordered: boolean): string {
  const place = 'step.position + place';
  return `fn rowOf(place: u32) -> u32 { return ${ordered ? `order[${place}]` : place}; }`;
}

/** @param order of the examples; null: as they lie in the split */
export function gather(
  site: Site,
  data: DeviceData,
  split: DeviceSplit,
  order: Range | null,
  { crop, flip }: Regularization['augmentation'],
  target: Range,
): Dispatch {
  const augments = crop > 0 || flip;
  return elementwise(
    site,
    'examples',
    data.features,
    [
      ...split.parts.map((part, i) => reads(`part${String(i)}`, part, data.bytes ? 'u32' : 'f32')),
      ...(order ? [reads('order', order, 'u32')] : []),
      ...(augments ? [reads('seed', site.seed, 'u32')] : []),
      reads('scales', data.scales, 'vec2f'),
      writes('x', target),
    ],
    `let place = i / ${u32(data.features)};
  let feature = i % ${u32(data.features)};
  let scale = scales[feature % ${u32(data.channels)}];
  x[i] = ${augments ? 'augmented(place, feature)' : 'valueOf(rowOf(place), feature)'} * scale.x + scale.y;`,
    `${rowDeclaration(order !== null)}
${valueDeclaration(data, split)}
${augments ? augmentDeclaration(data, crop, flip) : ''}`,
  );
}

/** `fn valueOf(example: u32, feature: u32) -> f32`, as the data set has it. */
function valueDeclaration({ features, bytes }: DeviceData, { parts, perPart }: DeviceSplit): string {
  const one = (part: number): string => {
    const at = `(example - ${u32(part * perPart)}) * ${u32(features)} + feature`;
    const name = `part${String(part)}`;
    return bytes
      ? `let at = ${at};
    return f32((${name}[at >> 2u] >> ((at & 3u) * 8u)) & 255u);`
      : `return ${name}[${at}];`;
  };
  const earlier = parts.slice(1).map((_, part) => `if (example < ${u32((part + 1) * perPart)}) { ${one(part)} }`);
  return `fn valueOf(example: u32, feature: u32) -> f32 {
  ${earlier.join('\n  ')}
  ${one(parts.length - 1)}
}`;
}

/** Each example's crop and mirroring are drawn from the seed, the step and its place in the batch. */
function augmentDeclaration({ shape }: DeviceData, crop: number, flip: boolean): string {
  const [height, width, channels] = shape as [number, number, number];
  const shifts = u32(2 * crop + 1);
  return `${hash}
fn augmented(place: u32, feature: u32) -> f32 {
  let draw = hash(place, step.number);
  let channel = feature % ${u32(channels)};
  let column = (feature / ${u32(channels)}) % ${u32(width)};
  let row = i32(feature / ${u32(channels * width)}) + i32((draw & 0x3ffu) % ${shifts}) - ${String(crop)};
  let mirrored = ${flip ? '(draw >> 31u) == 1u' : 'false'};
  let across = i32(select(column, ${u32(width - 1)} - column, mirrored));
  let source = across + i32(((draw >> 10u) & 0x3ffu) % ${shifts}) - ${String(crop)};
  if (row < 0 || row >= ${String(height)} || source < 0 || source >= ${String(width)}) { return 0.0; }
  return valueOf(rowOf(place), (u32(row) * ${u32(width)} + u32(source)) * ${u32(channels)} + channel);
}`;
}
