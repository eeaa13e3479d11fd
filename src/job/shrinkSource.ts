/** What is to be shrunk: a run of a store, or a model file with its weights. */
import path from 'node:path';
import { ownShape } from '../describe/modelShape';
import type { Ticket } from '../export/ticket';
import { loadModel } from '../models/load';
import type { KerasTopology } from '../models/topology';
import { fileWeights } from '../models/weights';
import { ExperimentError, type Loss } from '../shared/experiment';
import { isPlan, type Network } from '../training/network';
import { networkOf } from '../training/networkOf';
import { PlanError, type Plan } from '../training/plan/plan';
import type { Weights } from '../training/trainer';
import { loadTicket, placeOf, type TicketChoice } from './ticketSource';

export interface ShrinkSource {
  readonly topology: KerasTopology;
  readonly plan: Plan;
  /** Pruned ones are 0. */
  readonly weights: Weights;
  readonly provenance: Ticket['provenance'];
}

/** @throws StoreError, ExperimentError; PlanError where a layer is none that plans cover */
export async function runToShrink(
  operand: string,
  store: string,
  choice: TicketChoice,
  part: 'trained' | 'start',
): Promise<ShrinkSource> {
  const ticket = await loadTicket(await placeOf(operand, store), choice);
  return {
    topology: ticket.topology,
    plan: covered(ticket.network),
    weights: ticket[part],
    provenance: { ...ticket.provenance, weights: part },
  };
}

/** @throws ExperimentError, PlanError */
export async function modelToShrink(file: string): Promise<ShrinkSource> {
  const model = await loadModel(path.resolve(file), '.');
  const topology = model.topology([], 1);
  const shape = ownShape(topology);
  if (!shape?.fixed) {
    throw new ExperimentError(
      'model',
      `${file} does not say what shape its input has: shrink a run of an experiment with it (--level)`,
    );
  }
  const target = { inputShape: shape.inputShape, classes: null };
  const plan = covered(await planFor(topology, target));
  return {
    topology,
    plan,
    weights: fileWeights(plan, model),
    provenance: { producer: 'Winning Ticket', model: path.basename(file) },
  };
}

/** A model that ends in something else than softmax or logits was made for another loss. */
async function planFor(
  topology: KerasTopology,
  target: { readonly inputShape: readonly number[]; readonly classes: null },
): Promise<Network> {
  const as = (loss: Loss): Promise<Network> => networkOf({ topology: () => topology }, { ...target, loss });
  return as('cross-entropy').catch(() => as('mean-squared-error'));
}

function covered(network: Network): Plan {
  if (isPlan(network)) return network;
  const { layer, className } = network.uncovered;
  throw new PlanError(
    layer,
    `layer "${layer}" (${className}) is none that training plans cover: what goes with a channel is not known there`,
  );
}
