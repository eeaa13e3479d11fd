/** What the lowerings of all kinds of layers share: what they get, and how they read a layer's configuration. */
import * as z from 'zod';
import type { KerasVersion, Layer } from '../../../models/topology';
import { safeParse } from '../../../shared/check';
import type { PlanBuilder, Value } from '../builder';
import { initializerJson, toInitializer, type InitializerJson } from '../initializer';
import { PlanError, type Initializer, type Padding, type Pair } from '../plan';

export interface LoweringSite {
  readonly builder: PlanBuilder;
  readonly layer: Layer;
  /** At least one. */
  readonly inputs: readonly Value[];
  /** Whose rules the model was written by; null: it does not say. */
  readonly keras: KerasVersion | null;
}

/** Keras' configuration → ops of the plan. Throws PlanError that names the layer. */
export type Lowering = (site: LoweringSite) => Value;

/** The input of a layer that takes one. */
export function only({ layer, inputs }: LoweringSite): Value {
  if (inputs.length === 1) return inputs[0]!;
  throw refusal(layer, `takes one input, but ${inputs.length} layers feed it`);
}

export function refusal(layer: Layer, reason: string): PlanError {
  return new PlanError(layer.name, `layer "${layer.name}" (${layer.className}) ${reason}`);
}

/** @throws PlanError naming the field */
export function configOf<T>(layer: Layer, schema: z.ZodType<T>): T {
  const result = safeParse(schema, layer.config);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new PlanError(layer.name, `layer "${layer.name}" (${layer.className}): ${path.join('.')} ${message}`);
}

/** What is configured but would be left out of training: better refused than silently ignored. */
export const absent = z.null({ error: 'is not covered by training plans yet; leave it out' }).optional();

/** A switch that must be off. */
export const off = z.literal(false, { error: 'is not covered by training plans yet; leave it out' }).nullish();

export const trained = z
  .literal(true, { error: 'must be true: frozen layers are not covered by training plans yet' })
  .optional();

export const channelsLast = z
  .literal('channels_last', {
    error: 'must be "channels_last": convert the model, whose channels come first, before it is trained here',
  })
  .nullish();

/** "valid" or "same", in any case, as Keras takes it. */
export const paddingMode = z.preprocess(
  value => (typeof value === 'string' ? value.toLowerCase() : value),
  z.enum(['valid', 'same'], { error: 'must be "valid" or "same"' }).default('valid'),
);

const message = 'must be a whole number from 0 to 10000, [rows, columns] or [[top, bottom], [left, right]]';
const rows = z.int(message).min(0, message).max(10_000, message);
/** Rows and columns around an image. */
export const paddingJson = z
  .union([rows, z.tuple([rows, rows]), z.tuple([z.tuple([rows, rows]), z.tuple([rows, rows])])], { error: message })
  .default(1)
  .transform((value): Padding => {
    const [vertical, horizontal] = typeof value === 'number' ? [value, value] : value;
    const [top, bottom] = typeof vertical === 'number' ? [vertical, vertical] : vertical;
    const [left, right] = typeof horizontal === 'number' ? [horizontal, horizontal] : horizontal;
    return { top, bottom, left, right };
  });

const positive = z.int({ error: 'must be one or two whole numbers from 1 on' }).min(1);

/** One number for height and width, or both. */
export const pair = z
  .union([positive, z.tuple([positive]), z.tuple([positive, positive])], {
    error: 'must be one or two whole numbers from 1 on',
  })
  .transform((value): Pair => (typeof value === 'number' ? [value, value] : [value[0], value[1] ?? value[0]]));

/** Fields of layers with a kernel that would change what is trained. */
export const untouchedKernel = {
  kernel_regularizer: absent,
  kernel_constraint: absent,
  lora_rank: absent,
  trainable: trained,
};

/** Fields of a bias; `biasOf` reads them. */
export const biasConfig = {
  use_bias: z.boolean().default(true),
  bias_initializer: initializerJson.default('zeros'),
  bias_regularizer: absent,
  bias_constraint: absent,
  activity_regularizer: absent,
};

export function biasOf(
  layer: Layer,
  config: { readonly use_bias: boolean; readonly bias_initializer: InitializerJson },
): Initializer | null {
  return config.use_bias ? toInitializer(layer.name, config.bias_initializer) : null;
}

/**
 * Checks that `axis` means the last one, as written: -1, its number counted with the batch, or a list of just that.
 * @param shape of an example
 */
export function lastAxisOnly(layer: Layer, axis: unknown, shape: readonly number[]): void {
  const single: unknown = Array.isArray(axis) && axis.length === 1 ? axis[0] : axis;
  if (single === undefined || single === -1 || single === shape.length) return;
  throw refusal(
    layer,
    `works along axis ${JSON.stringify(axis)} of examples of shape [${shape.join(', ')}]; training plans cover the last axis (-1) only`,
  );
}
