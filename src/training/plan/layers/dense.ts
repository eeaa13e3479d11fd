import * as z from 'zod';
import { initializerJson, toInitializer } from '../initializer';
import { activate } from './activation';
import { biasConfig, biasOf, configOf, only, refusal, untouchedKernel, type Lowering } from './lowering';

const config = z.looseObject({
  units: z.int().min(1),
  activation: z.unknown().optional(),
  kernel_initializer: initializerJson.default('glorot_uniform'),
  ...biasConfig,
  ...untouchedKernel,
});

export const dense: Lowering = site => {
  const { builder, layer } = site;
  const input = only(site);
  const read = configOf(layer, config);
  const kernel = toInitializer(layer.name, read.kernel_initializer);
  const bias = biasOf(layer, read);
  return activate(site, apply(), read.activation ?? 'linear');

  function apply() {
    if (input.shape.length === 1) return builder.dense(layer.name, input, read.units, kernel, bias);
    if (input.shape.length !== 3) {
      throw refusal(layer, `gets examples of shape [${input.shape.join(', ')}]; put a Flatten layer before it`);
    }
    // Keras applies it to the last axis of an image: to each pixel
    return builder.conv2d(layer.name, input, {
      filters: read.units,
      kernelSize: [1, 1],
      kernel,
      bias,
      kernelShape: [input.shape[2]!, read.units],
    });
  }
};
