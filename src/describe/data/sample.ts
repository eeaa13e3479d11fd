/** A few examples to look at: pictures of images, rows of tables, taken from all classes in turn. */
import { PNG } from 'pngjs';
import { sampleLimits, type DataSample } from '../../shared/describeMessages';
import { formatFigure } from '../../shared/format';
import type { Look, Values } from './looked';

const pictures = 30;
/** Examples among which pictures are chosen. */
const mostCandidates = 1_000_000;

export async function sampleOf(look: Look): Promise<DataSample> {
  const { inputShape, examples } = look;
  const isImage =
    inputShape.length === 3 && [1, 3].includes(inputShape[2]!) && Math.min(inputShape[0]!, inputShape[1]!) > 1;
  const chosen = chooseExamples(look, isImage ? pictures : sampleLimits.rows);
  if (isImage) {
    const images: { label: string; picture: string }[] = [];
    for (const i of chosen) {
      const picture = pictureOf(await examples.valuesAt(i), inputShape as [number, number, number]);
      images.push({ label: labelOf(look, i), picture });
    }
    return { kind: 'images', images };
  }
  const size = inputShape.reduce((product, side) => product * side, 1);
  const columns = Array.from(
    { length: Math.min(size, sampleLimits.columns) },
    (_, i) => examples.columns?.[i] ?? `value ${i}`,
  );
  const rows: { label: string; values: string[] }[] = [];
  for (const i of chosen) {
    const values = await examples.valuesAt(i);
    rows.push({ label: labelOf(look, i), values: columns.map((_, column) => formatFigure(values[column]!)) });
  }
  return { kind: 'table', columns, rows, columnCount: size };
}

function labelOf({ classNames, examples }: Look, example: number): string {
  const label = examples.labelAt(example);
  return typeof label === 'string' ? label : (classNames?.[label] ?? String(label));
}

/** In turn from each class, in the order of the classes; with regression the first ones. */
function chooseExamples({ examples, task }: Look, count: number): readonly number[] {
  const candidates = Math.min(examples.count, mostCandidates);
  if (task === 'regression') return Array.from({ length: Math.min(count, candidates) }, (_, i) => i);
  const byClass = new Map<number | string, number[]>();
  for (let i = 0; i < candidates; i++) {
    const label = examples.labelAt(i);
    const own = byClass.get(label);
    if (!own) byClass.set(label, [i]);
    else if (own.length < count) own.push(i);
  }
  const classes = [...byClass].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, own]) => own);
  const each = Math.max(1, Math.floor(count / Math.max(1, classes.length)));
  return classes.flatMap(own => own.slice(0, each)).slice(0, count);
}

/** A PNG as a data URI; numbers are spread from the least, black, to the largest, white. */
function pictureOf(values: Values, [height, width, channels]: readonly [number, number, number]): string {
  const step = Math.max(1, Math.ceil(Math.max(height, width) / sampleLimits.pictureSide));
  const png = new PNG({ height: Math.ceil(height / step), width: Math.ceil(width / step) });
  const [least, range] = values instanceof Uint8Array ? [0, 255] : rangeOf(values);
  let out = 0;
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) {
      const at = (y * width + x) * channels;
      for (let channel = 0; channel < 3; channel++) {
        const value = values[at + (channels === 1 ? 0 : channel)]!;
        png.data[out++] = Math.round((255 * (value - least)) / range);
      }
      png.data[out++] = 255;
    }
  }
  return `data:image/png;base64,${PNG.sync.write(png).toString('base64')}`;
}

function rangeOf(values: Float32Array): readonly [least: number, range: number] {
  let least = Infinity;
  let largest = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  return [least, largest > least ? largest - least : 1];
}
