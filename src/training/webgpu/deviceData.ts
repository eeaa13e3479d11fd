/** The data set on the device, bytes as bytes. A split too large for one buffer lies in several. */
import type { DataSet, Split } from '../../data/dataset';
import { MemoryLimitError, type SplitName } from '../trainer';
import type { WatchedDevice } from './device';
import { DeviceMemory, type Range } from './memory';
import { upload } from './upload';

const splitNames = ['training', 'validation', 'test'] as const;

export interface DeviceSplit {
  readonly count: number;
  /** Examples one after another; bytes, four to a word, or floats. */
  readonly parts: readonly Range[];
  /** Examples of each part but the last. */
  readonly perPart: number;
  /** u32 class numbers [count], or with regression f32 targets [count][outputs]. */
  readonly labels: Range;
}

export interface DeviceData {
  /** Of one example, channels last. */
  readonly shape: readonly number[];
  readonly features: number;
  readonly channels: number;
  readonly bytes: boolean;
  readonly regression: boolean;
  /** vec2f factor and shift of each channel: x = value · factor + shift. */
  readonly scales: Range;
  readonly splits: Readonly<Record<SplitName, DeviceSplit>>;
  readonly memory: DeviceMemory;
}

/** What a kernel can be bound to besides the rest it needs. */
const mostParts = 4;

/** @throws MemoryLimitError, DeviceLostError, DataError where inputs in files cannot be read */
export async function placeData(watched: WatchedDevice, data: DataSet): Promise<DeviceData> {
  const memory = new DeviceMemory(watched, true);
  const channels = data.inputShape.at(-1) ?? 1;
  const features = data.inputShape.reduce((product, size) => product * size, 1);
  const bytes = data.training.inputs instanceof Uint8Array;
  const exampleBytes = features * (bytes ? 1 : 4);
  // whole words, so that a part ends where it can be written
  const perPart = Math.max(4, Math.floor(watched.largestBuffer / exampleBytes / 4) * 4);
  const place = (split: Split, name: SplitName): DeviceSplit => {
    const parts = Array.from({ length: Math.max(1, Math.ceil(split.count / perPart)) }, (_, part) => {
      const examples = Math.min(perPart, split.count - part * perPart);
      return memory.range(`${name} examples`, 'data', examples * exampleBytes);
    });
    const { labels } = split;
    const content = () => (labels instanceof Float32Array ? labels : Uint32Array.from(labels));
    return {
      count: split.count,
      parts,
      perPart,
      labels: memory.filled(`${name} labels`, 'data', content, labels.length * 4),
    };
  };
  const placed: DeviceData = {
    shape: data.inputShape,
    features,
    channels,
    bytes,
    regression: data.task === 'regression',
    scales: memory.filled('scales', 'data', () => scalesOf(data, channels, bytes), channels * 8),
    splits: Object.fromEntries(splitNames.map(name => [name, place(data[name], name)])) as DeviceData['splits'],
    memory,
  };
  const plan = memory.plan(0);
  if (splitNames.some(name => placed.splits[name].parts.length > mostParts)) {
    throw new MemoryLimitError(plan, mostParts * watched.largestBuffer, 0);
  }
  await memory.take(plan, 0);
  for (const name of splitNames) {
    const { parts } = placed.splits[name];
    await upload(watched, data[name], parts, perPart * exampleBytes);
  }
  return placed;
}

function scalesOf(data: DataSet, channels: number, bytes: boolean): Float32Array {
  return Float32Array.from({ length: channels * 2 }, (_, i) => {
    const channel = i >> 1;
    const std = data.std[channel % data.std.length]!;
    return i % 2 === 0 ? (bytes ? 1 / 255 : 1) / std : -data.mean[channel % data.mean.length]! / std;
  });
}
