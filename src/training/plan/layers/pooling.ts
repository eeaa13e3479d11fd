/** MaxPooling2D, AveragePooling2D, and both over whole images. */
import * as z from 'zod';
import { channelsLast, configOf, only, paddingJson, paddingMode, pair, type Lowering } from './lowering';

type Kind = 'max-pool' | 'average-pool';

const poolConfig = z.looseObject({
  pool_size: pair.default([2, 2]),
  strides: pair.nullish(),
  /** Rows and columns are not Keras': pools of ONNX and PyTorch have them. */
  padding: z.union([paddingMode, paddingJson], { error: 'must be "valid", "same" or [[top, bottom], [left, right]]' }),
  data_format: channelsLast,
});

const pool =
  (kind: Kind): Lowering =>
  site => {
    const { pool_size: size, strides, padding } = configOf(site.layer, poolConfig);
    return site.builder.pool(site.layer.name, only(site), kind, { size, strides: strides ?? size, padding });
  };

const globalConfig = z.looseObject({ keepdims: z.boolean().nullish(), data_format: channelsLast });

const globalPool =
  (kind: Kind): Lowering =>
  site => {
    const { builder, layer } = site;
    const { keepdims } = configOf(layer, globalConfig);
    const pooled = builder.globalPool(layer.name, only(site), kind);
    return keepdims === true ? pooled : builder.reshape(layer.name, pooled, [pooled.shape[2]!]);
  };

export const pools = {
  MaxPooling2D: pool('max-pool'),
  AveragePooling2D: pool('average-pool'),
  GlobalAveragePooling2D: globalPool('average-pool'),
  GlobalMaxPooling2D: globalPool('max-pool'),
};
