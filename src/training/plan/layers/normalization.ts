/** BatchNormalization, LayerNormalization. */
import * as z from 'zod';
import { initializerJson, toInitializer } from '../initializer';
import { absent, configOf, lastAxisOnly, off, only, trained, type Lowering } from './lowering';

const shared = {
  axis: z.unknown().optional(),
  epsilon: z.number().positive().default(0.001),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
  beta_initializer: initializerJson.default('zeros'),
  gamma_initializer: initializerJson.default('ones'),
  beta_regularizer: absent,
  gamma_regularizer: absent,
  beta_constraint: absent,
  gamma_constraint: absent,
  trainable: trained,
};

const batchConfig = z.looseObject({
  ...shared,
  momentum: z.number().min(0).max(1).default(0.99),
  moving_mean_initializer: initializerJson.default('zeros'),
  moving_variance_initializer: initializerJson.default('ones'),
  renorm: off,
  virtual_batch_size: absent,
  /** Not Keras': the moving variance takes in the batch's times n / (n − 1), as PyTorch's does. */
  unbiased_moving_variance: z.boolean().default(false),
});

const batchNormalization: Lowering = site => {
  const { builder, layer } = site;
  const input = only(site);
  const config = configOf(layer, batchConfig);
  lastAxisOnly(layer, config.axis, input.shape);
  return builder.batchNormalization(layer.name, input, {
    gamma: config.scale ? toInitializer(layer.name, config.gamma_initializer) : null,
    beta: config.center ? toInitializer(layer.name, config.beta_initializer) : null,
    movingMean: toInitializer(layer.name, config.moving_mean_initializer),
    movingVariance: toInitializer(layer.name, config.moving_variance_initializer),
    epsilon: config.epsilon,
    momentum: config.momentum,
    unbiased: config.unbiased_moving_variance,
  });
};

const layerConfig = z.looseObject({ ...shared, rms_scaling: off });

const layerNormalization: Lowering = site => {
  const { builder, layer } = site;
  const input = only(site);
  const config = configOf(layer, layerConfig);
  lastAxisOnly(layer, config.axis, input.shape);
  return builder.layerNormalization(layer.name, input, {
    gamma: config.scale ? toInitializer(layer.name, config.gamma_initializer) : null,
    beta: config.center ? toInitializer(layer.name, config.beta_initializer) : null,
    epsilon: config.epsilon,
  });
};

export const normalizations = { BatchNormalization: batchNormalization, LayerNormalization: layerNormalization };
