/** Convolutions of which only kept weights are stored; also those with groups, whose kernels are mostly zeros. */
import { padded } from '../format';
import type { ConvForm } from './convForm';
import { axesOf, chunkOf, firstTap, reachOf } from './convGeometry';
import { type ConvIndex, indexConv } from './convIndex';
import { bindBackward, bindForward, bindUpdate, type ConvPasses, groupBlocks, place, startOf } from './convPasses';
import type { StoredKernel } from './operation';

export interface PlacedCompressedConv extends ConvPasses {
  readonly form: 'compressed';
}

/** What a row of four outputs costs by itself in an update, in kept weights. */
const blockCost = 8;

export const compressedForm: ConvForm<PlacedCompressedConv> = {
  place: (op, placement, site) => {
    const x = site.buffers[placement.inputs[0]!]!;
    const y = site.buffers[placement.output]!;
    const axes = axesOf(op, site.plan);
    const { rows, columns } = axes;
    const outputs = y.values.channels;
    const blocks = padded(outputs) / 4;
    const channels = { inputs: x.values.channels, outputs, groups: op.groups };
    const index = indexConv(site.mask(op.kernel), axes, channels, x.values, y.gradients);
    const trainable = site.trainable(storedSlots(op.kernel, index, site.plan.parameters[op.kernel]!.size), op.bias);

    const rowTable = place(site, index.rows);
    const offsets = place(site, index.offsets);
    const first = firstTap(x.values, axes);
    const xRow = rows.stride * x.values.rowBytes;
    const xColumn = columns.stride * x.values.pixelBytes;
    const forwardPass = place(
      site,
      Uint32Array.of(
        ...[rowTable, offsets, first, xRow, xColumn],
        ...[y.values.origin, y.values.rowBytes, y.values.pixelBytes, y.values.width, outputs],
      ),
    );

    const dy = y.gradients;
    const dx = x.gradients;
    const backwardPass =
      placement.gradients[0] === null
        ? 0
        : place(
            site,
            Uint32Array.of(
              ...[place(site, index.columns), place(site, index.entries)],
              ...[dy.origin, dy.rowBytes, dy.pixelBytes],
              ...[dx.origin, dx.rowBytes, dx.pixelBytes, dx.width, dx.channels],
              ...[rows.stride, columns.stride, rows.before, columns.before],
              ...[x.values.origin, x.values.rowBytes],
              Math.floor(reachOf(columns) / columns.stride) * dy.pixelBytes,
            ),
          );

    const chunk = chunkOf(rows.outputs, columns.outputs);
    const updatePass = place(
      site,
      Uint32Array.of(
        ...[offsets, rowTable, first, xRow, xColumn],
        ...[dy.origin, dy.rowBytes, dy.pixelBytes, dy.height, dy.width, outputs],
        ...[chunk.height, chunk.width, 0, 0],
        // negative where pixels are left out between those of two outputs: sums of addresses wrap
        ...[reachOf(rows) * x.values.rowBytes, (reachOf(columns) + 1 - columns.stride) * x.values.pixelBytes],
      ),
    );
    const slotsOf = Array.from({ length: blocks }, (_, block) => {
      const last = block * 8 + 6;
      return index.rows[last]! + padded(index.rows[last + 1]!) - index.rows[block * 8]!;
    });
    const { groups, bytes } = groupBlocks(
      slotsOf.map(slots => slots * 16 + 64),
      slotsOf.map(slots => slots + blockCost),
      site.threads,
    );
    const longest = index.rows.reduce((most, value, at) => (at % 2 === 1 ? Math.max(most, value) : most), 0);
    site.scratch(chunk.height * chunk.width * 256 + bytes + padded(longest) * 4);
    return {
      ...placement,
      form: 'compressed',
      kernel: trainable.kernel,
      block: trainable.block,
      bias: startOf(site, trainable.bias, blocks),
      forwardUnits: rows.outputs,
      backwardUnits: rows.inputs,
      forwardPass,
      backwardPass,
      updatePass,
      groups,
    };
  },
  forward: (placed, binding) => bindForward(placed, binding, binding.kernels.convSparseForward),
  backward: (placed, binding) => bindBackward(placed, binding, binding.kernels.convSparseInputGradient),
  update: (placed, binding) => bindUpdate(placed, binding, binding.kernels.convSparseUpdate),
};

/** Kept weights in their slots; those that fill a row up hold 0 and get gradient 0. */
function storedSlots(parameter: number, { places }: ConvIndex, size: number): StoredKernel {
  return {
    parameter,
    count: places.length,
    pack: (values, stored) => {
      places.forEach((at, slot) => {
        if (at >= 0) stored[slot] = values[at]!;
      });
    },
    unpack: stored => {
      const values = new Float32Array(size);
      places.forEach((at, slot) => {
        if (at >= 0) values[at] = stored[slot]!;
      });
      return values;
    },
    packMask: null,
  };
}
