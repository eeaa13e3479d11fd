/** A ticket as it leaves the store: what one run started from, what it kept, what it was trained to, and where that comes from. */
import type { KerasTopology } from '../models/topology';
import type { Network } from '../training/network';

export interface Ticket {
  readonly network: Network;
  /** What the network was read from: tells whether the model ends in a softmax, which no plan has. */
  readonly topology: KerasTopology;
  /** In the order of the network's parameters; pruned weights are 0 in `start` and `trained`. */
  readonly start: readonly Float32Array[];
  readonly trained: readonly Float32Array[];
  /** 1 = kept, a byte a weight, for what can be pruned; null: never pruned. */
  readonly masks: readonly (Uint8Array | null)[];
  /** Facts in words and numbers, by name, in the order in which they are told. */
  readonly provenance: Readonly<Record<string, string>>;
}

/** All three, or one of them. `trained` holds the zeros: they are permanent. */
export const exportParts = ['ticket', 'trained', 'start', 'mask'] as const;
export type ExportPart = (typeof exportParts)[number];

export const exportFormats = ['safetensors', 'npz', 'tfjs', 'h5', 'pt'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export type TensorKind = 'trained' | 'start' | 'mask';

export interface ExportTensor {
  readonly kind: TensorKind;
  /** Of the parameter, e.g. `dense_1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Uint8Array;
}

export const kindsOf: Readonly<Record<ExportPart, readonly TensorKind[]>> = {
  ticket: ['trained', 'start', 'mask'],
  trained: ['trained'],
  start: ['start'],
  mask: ['mask'],
};

/** In layouts of Keras: dense kernels [in, out], convolutions [height, width, in, out]. */
export function tensorsOf({ network, trained, start, masks }: Ticket, kinds: readonly TensorKind[]): ExportTensor[] {
  return kinds.flatMap(kind =>
    network.parameters.flatMap(({ name, shape }, i): ExportTensor[] => {
      const data = { trained, start, mask: masks }[kind][i];
      return data ? [{ kind, name, shape, data }] : [];
    }),
  );
}

/** With the kind before the name where there are several: `mask/dense_1/kernel`. */
export function nameIn(part: ExportPart, { kind, name }: ExportTensor): string {
  return part === 'ticket' ? `${kind}/${name}` : name;
}
