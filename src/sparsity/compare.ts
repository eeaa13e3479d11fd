/** What two tensors of one shape have in common, over values that come in chunks; and which tensors of two checkpoints belong together. */
import type { TensorComparison, UnpairedTensor } from '../shared/comparison';
import type { TensorInfo } from '../shared/inspection';
import type { TensorPair } from '../shared/inspectorMessages';
import { matchTensors } from './pairing';
import type { Values } from './structure';

export class ComparisonAccumulator {
  private count = 0;
  private keptInBoth = 0;
  private onlyLeft = 0;
  private onlyRight = 0;
  private signFlips = 0;
  private different = 0;
  private notFinite = 0;
  private distance = 0;
  private left = 0;
  private right = 0;

  /** The next values of both sides, as many of each. */
  add(left: Values, right: Values): void {
    if (left.length !== right.length) throw new RangeError(`${left.length} values against ${right.length}`);
    this.count += left.length;
    // block sums first: a running sum of 10⁹ squares would lose what is small
    for (let begin = 0; begin < left.length; begin += 4096) {
      this.addBlock(left, right, begin, Math.min(begin + 4096, left.length));
    }
  }

  result(): TensorComparison {
    const { count, keptInBoth, onlyLeft, onlyRight } = this;
    const either = keptInBoth + onlyLeft + onlyRight;
    return {
      count,
      keptInBoth,
      onlyLeft,
      onlyRight,
      neither: count - either,
      signFlips: this.signFlips,
      different: this.different,
      distance: Math.sqrt(this.distance),
      leftNorm: Math.sqrt(this.left),
      rightNorm: Math.sqrt(this.right),
      notFinite: this.notFinite,
      maskIou: either > 0 ? keptInBoth / either : null,
      chanceIou: count > 0 ? chanceIou((keptInBoth + onlyLeft) / count, (keptInBoth + onlyRight) / count) : null,
    };
  }

  private addBlock(left: Values, right: Values, begin: number, end: number): void {
    let distance = 0;
    let leftSquares = 0;
    let rightSquares = 0;
    for (let i = begin; i < end; i++) {
      const a = left[i]!;
      const b = right[i]!;
      if (a !== 0) {
        if (b !== 0) {
          this.keptInBoth++;
          if (a < 0 !== b < 0 && !Number.isNaN(a) && !Number.isNaN(b)) this.signFlips++;
        } else this.onlyLeft++;
      } else if (b !== 0) this.onlyRight++;
      if (a !== b && !(Number.isNaN(a) && Number.isNaN(b))) this.different++;
      if (Number.isFinite(a) && Number.isFinite(b)) {
        distance += (a - b) * (a - b);
        leftSquares += a * a;
        rightSquares += b * b;
      } else this.notFinite++;
    }
    this.distance += distance;
    this.left += leftSquares;
    this.right += rightSquares;
  }
}

/**
 * Overlap that two independent random masks of densities p and q have on average in the limit of many weights:
 * |both| = pq of all, |either| = p + q − pq.
 * @returns null where neither keeps anything, or of no weights at all
 */
export function chanceIou(p: number, q: number): number | null {
  const either = p + q - p * q;
  return either > 0 ? (p * q) / either : null;
}

/** Comparisons of several tensors as one: counts add up, norms as the parts of one long vector. */
export function sumComparisons(parts: readonly TensorComparison[]): TensorComparison {
  const sum = (value: (part: TensorComparison) => number): number =>
    parts.reduce((total, part) => total + value(part), 0);
  const norm = (value: (part: TensorComparison) => number): number => Math.sqrt(sum(part => value(part) ** 2));
  const count = sum(part => part.count);
  const keptInBoth = sum(part => part.keptInBoth);
  const onlyLeft = sum(part => part.onlyLeft);
  const onlyRight = sum(part => part.onlyRight);
  const either = keptInBoth + onlyLeft + onlyRight;
  // by chance within each tensor, as random-mask controls keep the density of each layer
  const chance = parts.map(chanceParts);
  const chanceEither = chance.reduce((total, part) => total + part.either, 0);
  return {
    count,
    keptInBoth,
    onlyLeft,
    onlyRight,
    neither: sum(part => part.neither),
    signFlips: sum(part => part.signFlips),
    different: sum(part => part.different),
    distance: norm(part => part.distance),
    leftNorm: norm(part => part.leftNorm),
    rightNorm: norm(part => part.rightNorm),
    notFinite: sum(part => part.notFinite),
    maskIou: either > 0 ? keptInBoth / either : null,
    chanceIou: chanceEither > 0 ? chance.reduce((total, part) => total + part.both, 0) / chanceEither : null,
  };
}

/** Weights that both, and that either of two random masks with this tensor's densities would keep on average. */
function chanceParts({ count, keptInBoth, onlyLeft, onlyRight }: TensorComparison): { both: number; either: number } {
  if (count === 0) return { both: 0, either: 0 };
  const left = keptInBoth + onlyLeft;
  const right = keptInBoth + onlyRight;
  const both = (left / count) * right;
  return { both, either: left + right - both };
}

/**
 * Tensors that stand for each other by name, in the order of the left file, and those that do not. Comparing them needs
 * no reordering: those that only shapes tell are left unpaired.
 */
export function pairTensors(
  left: readonly TensorInfo[],
  right: readonly TensorInfo[],
): { pairs: TensorPair[]; unpaired: UnpairedTensor[] } {
  const { pairs, reshaped, onlyLeft, onlyRight } = matchTensors(left, right);
  const apart = pairs.filter(({ by }) => by === 'shape');
  const leftOnly = [...onlyLeft, ...apart.map(match => match.left)].sort((a, b) => a - b);
  const rightOnly = [...onlyRight, ...apart.map(match => match.right)].sort((a, b) => a - b);
  const shapes = (index: number, other: number | null): UnpairedTensor => {
    const { name, shape } = left[index]!;
    return { name, left: shape, right: other === null ? null : right[other]!.shape };
  };
  return {
    pairs: pairs
      .filter(({ by }) => by !== 'shape')
      .map(match => ({ name: left[match.left]!.name, left: match.left, right: match.right })),
    unpaired: [
      ...reshaped.map(match => shapes(match.left, match.right)),
      ...leftOnly.map(index => shapes(index, null)),
      ...rightOnly.map(index => ({ name: right[index]!.name, left: null, right: right[index]!.shape })),
    ],
  };
}
