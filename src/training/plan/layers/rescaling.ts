/** Rescaling and Normalization: constants that the standardisation of the data takes in. */
import * as z from 'zod';
import type { Rescaling } from '../plan';
import { configOf, lastAxisOnly, only, refusal, type Lowering, type LoweringSite } from './lowering';

const mostChannels = 65_536;
/** @param error what the person reads */
const constants = (error: string) =>
  z.preprocess(
    // Keras writes the mean of an axis with the axes it is broadcast along: [[[[0.5, 0.4]]]]
    value => (Array.isArray(value) ? (value as unknown[]).flat(8) : [value]),
    z.custom<readonly number[]>(isListOfNumbers, error),
  );

function isListOfNumbers(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length > mostChannels) return false;
  return value.every(one => typeof one === 'number' && Number.isFinite(one));
}

const rescalingConfig = z.looseObject({
  scale: constants('must be a number, or one for each channel'),
  offset: constants('must be a number, or one for each channel').default([0]),
});

const rescaling: Lowering = site => {
  const { scale, offset } = configOf(site.layer, rescalingConfig);
  return rescaled(site, scale, offset);
};

const statistics = constants(
  'has no values: adapt the layer to data and save the model whole, or give it mean and variance',
);
const normalizationConfig = z.looseObject({
  axis: z.unknown().optional(),
  mean: statistics,
  variance: statistics,
  invert: z.literal(false, { error: 'is not covered by training plans; leave it at false' }).nullish(),
});
/** Keras' epsilon(): no deviation is smaller. */
const smallest = 1e-7;

const normalization: Lowering = site => {
  const { axis, mean, variance } = configOf(site.layer, normalizationConfig);
  // Keras writes no axis, one mean for all values, as an empty list
  if (axis !== null && !(Array.isArray(axis) && axis.length === 0)) lastAxisOnly(site.layer, axis, only(site).shape);
  const deviations = variance.map(value => Math.max(Math.sqrt(value), smallest));
  const channels = Math.max(mean.length, variance.length);
  const scale = Array.from({ length: channels }, (_, i) => 1 / deviations[i % deviations.length]!);
  return rescaled(
    site,
    scale,
    scale.map((value, i) => -mean[i % mean.length]! * value),
  );
};

function rescaled(site: LoweringSite, scale: readonly number[], offset: readonly number[]): ReturnType<Lowering> {
  const { builder, layer } = site;
  const input = only(site);
  const channels = Math.max(scale.length, offset.length);
  if ([scale.length, offset.length].some(length => length !== 1 && length !== input.shape.at(-1))) {
    throw refusal(layer, `has constants for ${channels} channels of examples of shape [${input.shape.join(', ')}]`);
  }
  if (!scale.every(value => Number.isFinite(value) && value !== 0) || !offset.every(Number.isFinite)) {
    throw refusal(layer, 'has a scale that is 0 or no finite number');
  }
  const each = (values: readonly number[]): number[] =>
    Array.from({ length: channels }, (_, i) => values[i % values.length]!);
  const constants: Rescaling = { scale: each(scale), offset: each(offset) };
  return builder.rescale(layer.name, input, constants);
}

export const rescalings = { Rescaling: rescaling, Normalization: normalization };
