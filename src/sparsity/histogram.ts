/** Histograms of |w| by powers of two; see TensorStatistics. */
import { histogramBins, histogramFirst } from '../shared/inspection';

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const high = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** @returns floor(log2 |value|) of a finite value that is not 0, exactly; −1023 for all denormal doubles */
function exponentOf(value: number): number {
  double[0] = value;
  return ((words[high]! >>> 20) & 0x7ff) - 1023;
}

/** Bin of values with 2^exponent ≤ |w| < twice that. The ends gather what lies beyond. */
export function binOfExponent(exponent: number): number {
  return Math.min(histogramBins - 1, Math.max(0, exponent - histogramFirst));
}

/** @param value finite and not 0 */
export function histogramBin(value: number): number {
  return binOfExponent(exponentOf(value));
}
