/** Rule 2 of docs/architecture.md, checked after each run where WINNING_TICKET_DEBUG is 1: a breach is a mistake of this program. */
import type { Mask } from '../lottery/mask';
import type { Network } from '../training/network';
import type { ByteMasks, SessionState, Weights } from '../training/trainer';

export const checkInvariants = {
  /** @throws Error where a mask keeps a weight that its parent's mask had pruned */
  shrinks(run: string, masks: readonly Mask[], parents: readonly Mask[]): void {
    masks.forEach((mask, i) => {
      if (!mask.isSubsetOf(parents[i]!)) throw new Error(`run ${run}: mask ${i} keeps a weight that was pruned before`);
    });
  },

  /** @throws Error where a pruned weight, or its optimiser state, is not exactly 0 after training */
  staysZero(run: string, network: Network, weights: Weights, masks: ByteMasks, state: SessionState): void {
    const { first, second, raw } = state;
    for (const [what, values] of Object.entries({
      weight: weights,
      'first moment': first,
      'second moment': second,
      raw,
    })) {
      network.parameters.forEach(({ name }, i) => {
        const mask = masks[i];
        const alive = mask ? (values[i]?.findIndex((value, j) => mask[j] === 0 && value !== 0) ?? -1) : -1;
        if (alive < 0) return;
        throw new Error(`run ${run}: ${what} ${alive} of ${name} is pruned, but ${values[i]![alive]!}, not 0`);
      });
    }
  },
};
