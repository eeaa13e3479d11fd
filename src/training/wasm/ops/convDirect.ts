/** Convolutions with all weights stored, computed as they are defined. */
import { padded } from '../format';
import { featureBytes } from '../memory';
import type { ConvForm } from './convForm';
import { axesOf, chunkOf, firstTap, inputRuns, joined, outputRuns, tableOf } from './convGeometry';
import { bindBackward, bindForward, bindUpdate, type ConvPasses, groupBlocks, place, startOf } from './convPasses';
import type { StoredKernel } from './operation';

export interface PlacedDirectConv extends ConvPasses {
  readonly form: 'direct';
}

/** Bytes of the inputs that are worked on together for one block of weights: they shall stay in the second-level cache. */
const togetherBytes = 1 << 18;

export const directForm: ConvForm<PlacedDirectConv> = {
  place: (op, placement, site) => {
    const x = site.buffers[placement.inputs[0]!]!;
    const y = site.buffers[placement.output]!;
    const axes = axesOf(op, site.plan);
    const { rows, columns } = axes;
    const inputs = x.values.channels;
    const outputs = y.values.channels;
    const positions = rows.size * columns.size * inputs;
    const stride = blockBytes(positions);
    const blocks = padded(outputs) / 4;
    const trainable = site.trainable(storedBlocks(op.kernel, positions, outputs, site.mask(op.kernel)), op.bias);

    const tapBytes = inputs * 16;
    const rowTapBytes = columns.size * tapBytes;
    const forwardRows = { source: x.values.rowBytes, weight: rowTapBytes, start: x.values.origin };
    const forwardColumns = { source: x.values.pixelBytes, weight: tapBytes, start: 0 };
    const forwardTogether = rowsTogether(rows.outputs, rows.stride * x.values.rowBytes);
    const target = y.values;
    const forwardPass = place(
      site,
      Uint32Array.of(
        place(site, tableOf(outputRuns(rows, forwardRows, 1))),
        place(site, tableOf(outputRuns(columns, forwardColumns, inputs).map(runs => joined(runs, featureBytes, 16)))),
        stride,
        ...[target.origin, target.rowBytes, target.pixelBytes, target.height, target.width, target.channels],
        forwardTogether,
      ),
    );

    const dy = y.gradients;
    const dx = x.gradients;
    const backwardTogether = rowsTogether(rows.inputs, Math.ceil(dy.rowBytes / rows.stride));
    const backwardPass =
      placement.gradients[0] === null
        ? 0
        : place(
            site,
            Uint32Array.of(
              place(site, tableOf(inputRuns(rows, { source: dy.rowBytes, weight: rowTapBytes, start: dy.origin }, 1))),
              place(site, tableOf(inputRuns(columns, { source: dy.pixelBytes, weight: tapBytes, start: 0 }, outputs))),
              stride,
              ...[dx.origin, dx.rowBytes, dx.pixelBytes, dx.height, dx.width, dx.channels],
              backwardTogether,
              ...[x.values.origin, x.values.rowBytes],
            ),
          );

    const chunk = chunkOf(rows.outputs, columns.outputs);
    const offsets = Uint32Array.from({ length: padded(positions) }, (_, i) => {
      const position = Math.min(i, positions - 1);
      const tap = Math.floor(position / inputs);
      const row = Math.floor(tap / columns.size) * rows.dilation * x.values.rowBytes;
      const column = (tap % columns.size) * columns.dilation * x.values.pixelBytes;
      return row + column + (position % inputs) * featureBytes;
    });
    const updatePass = place(
      site,
      Uint32Array.of(
        ...[place(site, offsets), 0],
        ...[firstTap(x.values, axes), rows.stride * x.values.rowBytes, columns.stride * x.values.pixelBytes],
        ...[dy.origin, dy.rowBytes, dy.pixelBytes, dy.height, dy.width, dy.channels],
        ...[chunk.height, chunk.width, positions, stride],
      ),
    );
    const partialBytes = (((positions + 1) & ~1) + 1) * 64;
    const all = Array.from({ length: blocks }, () => partialBytes);
    const { groups, bytes } = groupBlocks(all, all, site.threads);
    site.scratch(chunk.height * chunk.width * 256 + bytes + stride);
    return {
      ...placement,
      form: 'direct',
      kernel: trainable.kernel,
      block: trainable.block,
      bias: startOf(site, trainable.bias, blocks),
      forwardUnits: blocks * Math.ceil(rows.outputs / forwardTogether),
      backwardUnits: (padded(inputs) / 4) * Math.ceil(rows.inputs / backwardTogether),
      forwardPass,
      backwardPass,
      updatePass,
      groups,
    };
  },
  forward: (placed, binding) => bindForward(placed, binding, binding.kernels.convForward),
  backward: (placed, binding) => bindBackward(placed, binding, binding.kernels.convInputGradient),
  update: (placed, binding) => bindUpdate(placed, binding, binding.kernels.convUpdate),
};

/** Rows of a target that are computed for one block of weights before the next. */
function rowsTogether(rows: number, sourceBytesPerRow: number): number {
  return Math.max(1, Math.min(rows, Math.floor(togetherBytes / sourceBytesPerRow)));
}

/** An odd number of cache lines, so that the blocks' weights for one tap do not all fall on one cache set. */
function blockBytes(positions: number): number {
  const lines = padded(positions) / 4;
  return (lines % 2 === 0 ? lines + 1 : lines) * 64;
}

/** In blocks of four outputs, [block][position][4]; what is between and behind holds 0 and gets gradient 0. */
function storedBlocks(parameter: number, positions: number, outputs: number, mask: Uint8Array | null): StoredKernel {
  const stride = blockBytes(positions) / 4;
  const indexOf = (at: number): number => {
    const output = at % outputs;
    return (output >> 2) * stride + Math.floor(at / outputs) * 4 + (output & 3);
  };
  return {
    parameter,
    count: (padded(outputs) / 4) * stride,
    pack: (values, stored) => {
      values.forEach((value, at) => (stored[indexOf(at)] = value));
    },
    unpack: stored => Float32Array.from({ length: positions * outputs }, (_, at) => stored[indexOf(at)]!),
    packMask:
      mask === null
        ? null
        : stored => {
            mask.forEach((bit, at) => (stored[indexOf(at)] = bit === 0 ? 0 : 255));
          },
  };
}
