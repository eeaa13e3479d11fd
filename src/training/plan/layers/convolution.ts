/** Conv2D, DepthwiseConv2D, SeparableConv2D. */
import * as z from 'zod';
import type { Layer } from '../../../models/topology';
import type { ConvolutionOptions } from '../builder';
import { initializerJson, toInitializer, type InitializerJson } from '../initializer';
import { activate } from './activation';
import {
  absent,
  biasConfig,
  biasOf,
  channelsLast,
  configOf,
  only,
  paddingMode,
  pair,
  refusal,
  trained,
  untouchedKernel,
  type Lowering,
} from './lowering';

const count = z.int({ error: 'must be a whole number from 1 on' }).min(1);
const initializer = initializerJson.default('glorot_uniform');

const windowConfig = {
  kernel_size: pair,
  strides: pair.default([1, 1]),
  dilation_rate: pair.default([1, 1]),
  padding: paddingMode,
  data_format: channelsLast,
  activation: z.unknown().optional(),
  ...biasConfig,
};

const depthwiseConfig = {
  ...windowConfig,
  depth_multiplier: count.nullish().transform(multiplier => multiplier ?? 1),
  depthwise_initializer: initializer,
  depthwise_regularizer: absent,
  depthwise_constraint: absent,
  trainable: trained,
};

const convConfig = z.looseObject({
  ...windowConfig,
  ...untouchedKernel,
  filters: count,
  groups: count.nullish().transform(groups => groups ?? 1),
  kernel_initializer: initializer,
});

const conv2d: Lowering = site => {
  const { builder, layer } = site;
  const config = configOf(layer, convConfig);
  const output = builder.conv2d(layer.name, only(site), {
    ...windowOf(layer, config),
    filters: config.filters,
    groups: config.groups,
    kernel: toInitializer(layer.name, config.kernel_initializer),
    bias: biasOf(layer, config),
  });
  return activate(site, output, config.activation ?? 'linear');
};

const depthwiseConv2d: Lowering = site => {
  const { builder, layer } = site;
  const config = configOf(layer, z.looseObject(depthwiseConfig));
  const input = only(site);
  const output = builder.conv2d(layer.name, input, {
    ...depthwise(layer, config, input.shape.at(-1)!),
    bias: biasOf(layer, config),
  });
  return activate(site, output, config.activation ?? 'linear');
};

const separableConfig = z.looseObject({
  ...depthwiseConfig,
  filters: count,
  pointwise_initializer: initializer,
  pointwise_regularizer: absent,
  pointwise_constraint: absent,
});

const separableConv2d: Lowering = site => {
  const { builder, layer } = site;
  const config = configOf(layer, separableConfig);
  const input = only(site);
  const spread = builder.conv2d(layer.name, input, {
    ...depthwise(layer, config, input.shape.at(-1)!),
    bias: null,
  });
  const output = builder.conv2d(layer.name, spread, {
    filters: config.filters,
    kernelSize: [1, 1],
    kernel: toInitializer(layer.name, config.pointwise_initializer),
    kernelName: 'pointwise_kernel',
    bias: biasOf(layer, config),
  });
  return activate(site, output, config.activation ?? 'linear');
};

type WindowConfig = Pick<z.infer<typeof convConfig>, 'kernel_size' | 'strides' | 'dilation_rate' | 'padding'>;

function windowOf(
  layer: Layer,
  { kernel_size: kernelSize, strides, dilation_rate: dilations, padding }: WindowConfig,
): Required<Pick<ConvolutionOptions, 'kernelSize' | 'strides' | 'dilations' | 'padding'>> {
  if (Math.max(...strides) > 1 && Math.max(...dilations) > 1) {
    throw refusal(layer, 'has strides and a dilation_rate over 1, which Keras does not allow together; drop one');
  }
  return { kernelSize, strides, dilations, padding };
}

/** One group for each channel of the input. */
function depthwise(
  layer: Layer,
  config: WindowConfig & { readonly depth_multiplier: number; readonly depthwise_initializer: InitializerJson },
  channels: number,
): Omit<ConvolutionOptions, 'bias'> {
  const { kernel_size: kernelSize, depth_multiplier: multiplier } = config;
  return {
    ...windowOf(layer, config),
    filters: channels * multiplier,
    groups: channels,
    kernel: toInitializer(layer.name, config.depthwise_initializer),
    kernelName: 'depthwise_kernel',
    kernelShape: [...kernelSize, channels, multiplier],
  };
}

export const convolutions = { Conv2D: conv2d, DepthwiseConv2D: depthwiseConv2d, SeparableConv2D: separableConv2d };
