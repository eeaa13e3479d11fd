/** Which layer of a network gives the classes. */
import { isPlan, type Network } from '../training/network';

/**
 * The last layer with prunable weights, in forward order, that feeds the output: a branch that leads nowhere is passed
 * over, whatever its place. Empty where no such layer does.
 */
export function outputLayerOf(network: Network): string {
  const prunable = new Set(network.parameters.filter(parameter => parameter.prunable).map(({ layer }) => layer));
  const stages = stagesOf(network);
  const feeding = new Set<string | number>(stages.slice(-1).map(({ output }) => output));
  for (const stage of [...stages].reverse()) {
    if (!feeding.has(stage.output)) continue;
    if (prunable.has(stage.layer)) return stage.layer;
    for (const input of stage.inputs) feeding.add(input);
  }
  return '';
}

interface Stage {
  readonly layer: string;
  readonly inputs: readonly (string | number)[];
  readonly output: string | number;
}

function stagesOf(network: Network): readonly Stage[] {
  if (isPlan(network)) return network.ops;
  return network.layers.map(({ name, inputs }) => ({ layer: name, inputs, output: name }));
}
