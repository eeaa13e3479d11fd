/**
 * Configurations of Keras' layers as TensorFlow.js takes them. It passes over in silence what it does not know: whatever
 * would then be trained as something else is refused by name here.
 */
import type { KerasVersion } from '../../../models/topology';
import { PlanError } from '../../plan/plan';

type Config = Readonly<Record<string, unknown>>;

/** Whose configuration is read, for messages. */
export interface LayerSite {
  readonly name: string;
  readonly className: string;
  readonly keras: KerasVersion | null;
}

/** Layers of TensorFlow.js that train as in Keras, by Keras' names. */
const known = new Set(
  [
    'InputLayer Dense Activation Flatten Reshape Permute RepeatVector Dropout SpatialDropout1D Embedding',
    'ReLU LeakyReLU PReLU ELU ThresholdedReLU Softmax',
    'Conv1D Conv2D Conv3D Conv2DTranspose Conv3DTranspose DepthwiseConv2D SeparableConv2D',
    'ZeroPadding2D Cropping2D UpSampling2D',
    'MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D',
    'GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D',
    'Add Multiply Average Maximum Minimum Concatenate Dot BatchNormalization LayerNormalization',
    'SimpleRNN LSTM GRU ConvLSTM2D Bidirectional TimeDistributed',
  ].flatMap(line => line.split(' ')),
);

const activations = new Set(
  'elu selu relu relu6 linear sigmoid hard_sigmoid softplus softsign tanh softmax log_softmax swish silu mish gelu gelu_new'.split(
    ' ',
  ),
);

/** What must be absent, null or false. */
const refused: readonly (readonly [RegExp, string])[] = [
  [/_regularizer$/, 'has a regularizer, which is not trained with here'],
  [/_constraint$/, 'has a constraint, which is not kept here'],
  [/^stateful$/, 'keeps its state from batch to batch (stateful), which examples in random order do not allow'],
  [/^return_state$/, 'gives its state away (return_state), which is not covered'],
  [
    /^reset_after$/,
    'resets after the product (reset_after), which TensorFlow.js does not have: build it with reset_after=False',
  ],
  [/^mask_zero$/, 'masks zeros (mask_zero), which is not covered'],
  [/^time_major$/, 'has time before the batch (time_major), which is not covered'],
  [/^unbiased_moving_variance$/, 'moves its variance as PyTorch does, which TensorFlow.js does not'],
  [/^noise_shape$/, 'has a noise_shape, which is not covered'],
];

/** @returns the configuration for TensorFlow.js: nothing in it but what it knows; all initialisers are zeros */
export function configForTensorFlow(site: LayerSite, config: Config): Record<string, unknown> {
  if (!known.has(site.className)) {
    throw refusal(site, 'is covered neither by training plans nor by TensorFlow.js as it is used here');
  }
  check(site, config);
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (key.endsWith('_initializer')) result[key] = 'zeros';
    else if (key === 'activation' || key === 'recurrent_activation') result[key] = activation(site, value);
    else if (key === 'layer') result[key] = wrapped(site, value);
    // [3] where Keras means 3
    else if (key === 'axis' && Array.isArray(value) && value.length === 1) result[key] = value[0];
    else if (isPlain(value) && key !== 'dtype') result[key] = value;
  }
  if (site.className === 'LeakyReLU') result['alpha'] = config['negative_slope'] ?? config['alpha'] ?? 0.3;
  return result;
}

/** The layer that a wrapper wraps: class and configuration. */
export function wrappedLayer(site: LayerSite, value: unknown): { readonly className: string; readonly config: Config } {
  const layer = value as { readonly class_name?: unknown; readonly config?: unknown } | null;
  if (typeof layer?.class_name !== 'string' || typeof layer.config !== 'object' || layer.config === null) {
    throw refusal(site, 'wraps a layer that cannot be read');
  }
  return { className: layer.class_name, config: layer.config as Config };
}

export function refusal({ name, className }: Pick<LayerSite, 'name' | 'className'>, reason: string): PlanError {
  return new PlanError(name, `layer "${name}" (${className}) ${reason}`);
}

function check(site: LayerSite, config: Config): void {
  for (const [key, value] of Object.entries(config)) {
    if (value === null || value === undefined || value === false) continue;
    const [, reason] = refused.find(([pattern]) => pattern.test(key)) ?? [];
    if (reason !== undefined) throw refusal(site, reason);
  }
  const { className } = site;
  if (config['trainable'] === false) throw refusal(site, 'is frozen (trainable: false), which is not covered');
  if ((config['data_format'] ?? 'channels_last') !== 'channels_last') {
    throw refusal(site, 'has its channels first: convert the model to channels_last');
  }
  if (largest(config['dilation_rate']) > 1) {
    throw refusal(site, 'has a dilation_rate over 1, of which TensorFlow.js has no gradient');
  }
  if (largest(config['groups']) > 1) throw refusal(site, 'has groups, which TensorFlow.js does not');
  if (className.startsWith('AveragePooling') && config['padding'] === 'same') {
    throw refusal(site, 'averages with padding "same", whose gradient TensorFlow.js gets wrong: use "valid"');
  }
  if (className === 'ReLU' && (largest(config['negative_slope']) > 0 || largest(config['threshold']) > 0)) {
    throw refusal(site, 'has a negative_slope or threshold, which TensorFlow.js does not: use LeakyReLU');
  }
  checkBackward(site, config);
}

/** Keras writes the backward half of a Bidirectional out; TensorFlow.js always mirrors the forward one. */
function checkBackward(site: LayerSite, config: Config): void {
  const backward = config['backward_layer'];
  if (backward === undefined || backward === null) return;
  const essence = (value: unknown): string =>
    JSON.stringify({ ...wrappedLayer(site, value).config, name: '', go_backwards: false });
  if (essence(backward) !== essence(config['layer'])) {
    throw refusal(
      site,
      'has a backward layer of its own, which TensorFlow.js does not: leave it to mirror the forward one',
    );
  }
}

function wrapped(site: LayerSite, value: unknown): unknown {
  const { className, config } = wrappedLayer(site, value);
  if (className === 'Bidirectional' || className === 'TimeDistributed') {
    throw refusal(site, 'wraps a layer that wraps another, which is not covered');
  }
  return { class_name: className, config: configForTensorFlow({ ...site, className }, config) };
}

function activation(site: LayerSite, value: unknown): string {
  const written = typeof value === 'string' ? value : JSON.stringify(value ?? 'linear');
  const name = typeof value === 'string' ? snakeCase(value) : value === null ? 'linear' : '';
  if (!activations.has(name)) {
    throw refusal(
      site,
      `has the activation ${written}, which TensorFlow.js does not: it has ${[...activations].join(', ')}`,
    );
  }
  if (name === 'hard_sigmoid' && site.keras !== 2) {
    throw refusal(
      site,
      'has the activation hard_sigmoid, which in Keras 3 is not what it is in TensorFlow.js: use sigmoid',
    );
  }
  return name === 'silu' ? 'swish' : name;
}

/** TensorFlow.js writes names in camel case. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[a-z0-9](?=[A-Z])/g, letter => `${letter}_`).toLowerCase();
}

function largest(value: unknown): number {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return Math.max(0, ...all.filter(one => typeof one === 'number'));
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
