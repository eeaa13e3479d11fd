/** The kinds of layers that training plans cover. */
import { activations } from './activation';
import { convolutions } from './convolution';
import { dense } from './dense';
import { only, type Lowering } from './lowering';
import { mergings } from './merging';
import { normalizations } from './normalization';
import { pools } from './pooling';
import { rescalings } from './rescaling';
import { shapings } from './shaping';

/** By Keras' class name. */
export const lowerings: Readonly<Record<string, Lowering>> = {
  InputLayer: only,
  Identity: only,
  Dense: dense,
  ...convolutions,
  ...normalizations,
  ...pools,
  ...mergings,
  ...shapings,
  ...activations,
  ...rescalings,
};
