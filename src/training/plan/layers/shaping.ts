/** Layers that move values or set some to 0, but compute nothing: Flatten, Reshape, ZeroPadding2D, Dropout. */
import * as z from 'zod';
import { sizeOf } from '../geometry';
import { absent, channelsLast, configOf, only, paddingJson, refusal, type Lowering } from './lowering';

const flatten: Lowering = site => {
  const input = only(site);
  configOf(site.layer, z.looseObject({ data_format: channelsLast }));
  return site.builder.reshape(site.layer.name, input, [sizeOf(input.shape)]);
};

const reshape: Lowering = site => {
  const { builder, layer } = site;
  const input = only(site);
  const { target_shape: target } = configOf(
    layer,
    z.looseObject({ target_shape: z.array(z.int().min(-1).nullable()).min(1) }),
  );
  const size = sizeOf(input.shape);
  const known = target.reduce<number>((product, n) => (n === null || n < 0 ? product : product * n), 1);
  const open = target.filter(n => n === null || n < 0).length;
  const shape = target.map(n => (n === null || n < 0 ? size / known : n));
  if (open > 1 || sizeOf(shape) !== size || !shape.every(Number.isInteger)) {
    throw refusal(layer, `cannot make [${target.join(', ')}] of [${input.shape.join(', ')}]`);
  }
  return builder.reshape(layer.name, input, shape);
};

const zeroPadding: Lowering = site => {
  const { padding } = configOf(site.layer, z.looseObject({ padding: paddingJson, data_format: channelsLast }));
  return site.builder.zeroPadding(site.layer.name, only(site), padding);
};

const dropout: Lowering = site => {
  const config = configOf(site.layer, z.looseObject({ rate: z.number().min(0).lt(1), noise_shape: absent }));
  return site.builder.dropout(site.layer.name, only(site), config.rate);
};

export const shapings = { Flatten: flatten, Reshape: reshape, ZeroPadding2D: zeroPadding, Dropout: dropout };
