/** Puts the nodes of functions where they are called. */
import { fault } from '../files/modelFile';
import { mostNodes, type Attribute, type OnnxFunction, type OnnxGraph, type OnnxNode } from './graphReader';

/** Functions call functions; none calls itself. */
const deepest = 32;

/** @throws ExperimentError where that does not end, or makes too many */
export function inlined(file: string, graph: OnnxGraph): readonly OnnxNode[] {
  if (graph.functions.length === 0) return graph.nodes;
  return new Inliner(file, graph.functions).expand(graph.nodes, 0);
}

class Inliner {
  private readonly byName: ReadonlyMap<string, OnnxFunction>;
  private calls = 0;
  private made = 0;

  constructor(
    private readonly file: string,
    functions: readonly OnnxFunction[],
  ) {
    this.byName = new Map(functions.map(own => [`${own.domain}\0${own.name}`, own]));
  }

  expand(nodes: readonly OnnxNode[], depth: number): OnnxNode[] {
    if (depth > deepest) {
      throw fault(this.file, `has functions that call each other more than ${deepest} deep; inline them in the export`);
    }
    return nodes.flatMap(node => {
      const called = this.byName.get(`${node.domain}\0${node.op}`);
      if (called) return this.expand(this.body(node, called), depth + 1);
      if (++this.made > mostNodes)
        throw fault(this.file, `has more than ${mostNodes} nodes once functions are inlined`);
      return [node];
    });
  }

  /** The nodes of the function with the names of the call's values; those of its own get the number of the call. */
  private body(call: OnnxNode, { inputs, outputs, nodes, defaults }: OnnxFunction): OnnxNode[] {
    if (++this.calls > mostNodes) throw fault(this.file, `calls functions more than ${mostNodes} times`);
    const prefix = `${call.name || call.op}#${this.calls}/`;
    const names = new Map<string, string>([['', '']]);
    inputs.forEach((name, i) => names.set(name, call.inputs[i] ?? ''));
    outputs.forEach((name, i) => names.set(name, call.outputs[i] ?? `${prefix}${name}`));
    const own = (name: string): string => names.get(name) ?? `${prefix}${name}`;
    return nodes.map(node => ({
      ...node,
      name: `${call.name || call.op}/${node.name || node.op}`,
      inputs: node.inputs.map(own),
      outputs: node.outputs.map(own),
      attributes: attributesOf(node, call, defaults),
    }));
  }
}

function attributesOf(
  { attributes }: OnnxNode,
  call: OnnxNode,
  defaults: ReadonlyMap<string, Attribute>,
): Map<string, Attribute> {
  const resolved = new Map<string, Attribute>();
  for (const [name, attribute] of attributes) {
    const { reference } = attribute;
    const value = reference === undefined ? attribute : (call.attributes.get(reference) ?? defaults.get(reference));
    // left out by the call too: the operator's own default
    if (value) resolved.set(name, value);
  }
  return resolved;
}
