/**
 * When the parameters of each op are updated in the course of the backward pass: all threads must have met since its output's
 * gradient was written, and must meet again before that memory is used for something else. Updates wait for a meeting that
 * is there anyway (batch normalisation has one), so that between meetings each thread can take its panels one by one.
 */
import type { Facts, Graph } from './graph';

/** Indices of nodes whose parameters are updated at some point. */
export interface BackwardStop {
  /** After a meeting before the node's backward pass; empty: no meeting. */
  readonly before: readonly number[];
  /** At the meeting inside the node's backward pass. */
  readonly within: readonly number[];
}

export interface UpdateTimes {
  /** By node. */
  readonly stops: readonly BackwardStop[];
  /** After the whole backward pass. */
  readonly atEnd: readonly number[];
  /**
   * By node: index of the node up to whose backward pass what its update reads must lie still; −1: to the end of the step.
   */
  readonly readUntil: readonly number[];
}

/** @param deferUpdates all at the end */
export function planUpdates(graph: Graph, facts: Facts, deferUpdates: boolean): UpdateTimes {
  const { nodes } = graph;
  const stops = nodes.map((): BackwardStop => ({ before: [], within: [] }));
  const readUntil = nodes.map(() => -1);
  let waiting: number[] = [];
  /** Updated at the last meeting: what they read may go after the next. */
  let reading: number[] = [];
  const meetAt = (index: number): readonly number[] => {
    for (const node of reading) readUntil[node] = index;
    reading = waiting;
    waiting = [];
    return reading;
  };
  for (let index = nodes.length - 1; index >= 0; index--) {
    const { op, placement } = nodes[index]!;
    const kind = facts(op.kind);
    if (!deferUpdates && kind.meets && placement.gradients.some(target => target !== null)) {
      stops[index] = { before: [], within: meetAt(index) };
    } else if (!deferUpdates && kind.updates === 'all panels' && waiting.some(isHeavy)) {
      stops[index] = { before: meetAt(index), within: [] };
    }
    if (kind.updates !== null) waiting.push(index);
  }
  return { stops, atEnd: waiting, readUntil };

  function isHeavy(index: number): boolean {
    return facts(nodes[index]!.op.kind).updates === 'all panels';
  }
}
