/** Layers of several inputs: Add, Concatenate. */
import { lastAxisOnly, type Lowering } from './lowering';

const add: Lowering = ({ builder, layer, inputs }) => builder.add(layer.name, inputs);

const concatenate: Lowering = ({ builder, layer, inputs }) => {
  lastAxisOnly(layer, layer.config['axis'], inputs[0]!.shape);
  return builder.concatenate(layer.name, inputs);
};

export const mergings = { Add: add, Concatenate: concatenate };
