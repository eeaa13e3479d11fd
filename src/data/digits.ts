/**
 * The built-in data set: 28×28 digits drawn by code, so that everything runs with nothing downloaded. Strokes are bent,
 * slanted, turned, moved and drawn with pens of different width; scraps of other strokes and specks lie about. It is
 * made to be like MNIST in what matters here: mostly empty images, and hard enough that a dense network does not reach
 * 100 % and that a network pruned at random visibly loses against a winning ticket.
 */
import { Random } from '../shared/random';
import { glyphs, type Glyph } from './glyphs';
import type { ByteSplit } from './mnist';

const side = 28;
const pixels = side * side;

/** How much the drawings differ; half ranges of uniform distributions unless said otherwise. */
const hand = {
  /** Pixels from the middle of a glyph to its edge. */
  size: [7.5, 10],
  /** Width over height, times the glyph's own. */
  aspect: [0.75, 1.15],
  turn: 0.24,
  slant: 0.3,
  shift: 2,
  /** Standard deviation of each point of a stroke, in the glyph's box. */
  wobble: 0.06,
  /** Half the width of the pen, in pixels. */
  pen: [0.8, 1.6],
  ink: [0.7, 1],
  /** Scraps of strokes at most, and their length in pixels. */
  scraps: 2,
  scrapLength: [2, 6],
  specks: 6,
};

/**
 * Draws `count` examples; the first ones are the same whatever the count. Classes take turns.
 * About 10 µs an image.
 */
export function drawDigits(part: 'training' | 'test', count: number): ByteSplit {
  const random = new Random('digits', part);
  const inputs = new Uint8Array(count * pixels);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const label = i % glyphs.length;
    labels[i] = label;
    drawDigit(inputs.subarray(i * pixels, (i + 1) * pixels), label, random);
  }
  return { count, inputs, labels };
}

function between(random: Random, range: readonly number[]): number {
  return range[0]! + (range[1]! - range[0]!) * random.nextFloat();
}

function around(random: Random, half: number): number {
  return half * (2 * random.nextFloat() - 1);
}

function drawDigit(image: Uint8Array, label: number, random: Random): void {
  const variants = glyphs[label]!;
  const ink = between(random, hand.ink);
  drawGlyph(image, variants[random.nextBelow(variants.length)]!, between(random, hand.pen), ink, random);
  for (let scraps = random.nextBelow(hand.scraps + 1); scraps > 0; scraps--) drawScrap(image, random);
  for (let specks = random.nextBelow(hand.specks + 1); specks > 0; specks--) {
    image[random.nextBelow(pixels)] = random.nextBelow(256);
  }
}

function drawGlyph(image: Uint8Array, glyph: Glyph, pen: number, ink: number, random: Random): void {
  const height = between(random, hand.size);
  const width = height * between(random, hand.aspect);
  const turn = around(random, hand.turn);
  const slant = around(random, hand.slant);
  const middleX = side / 2 + around(random, hand.shift);
  const middleY = side / 2 + around(random, hand.shift);
  // [x, y] → turn · slant · scale
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const [xx, xy] = [width * cos, -height * (slant * cos + sin)];
  const [yx, yy] = [width * sin, height * (cos - slant * sin)];
  for (const stroke of glyph) {
    let lastX = 0;
    let lastY = 0;
    for (let i = 0; i < stroke.length; i += 2) {
      const u = stroke[i]! + hand.wobble * random.nextGaussian();
      const v = stroke[i + 1]! + hand.wobble * random.nextGaussian();
      const x = middleX + xx * u + xy * v;
      const y = middleY + yx * u + yy * v;
      if (i > 0) drawSegment(image, lastX, lastY, x, y, pen, ink);
      lastX = x;
      lastY = y;
    }
  }
}

function drawScrap(image: Uint8Array, random: Random): void {
  const x = side * random.nextFloat();
  const y = side * random.nextFloat();
  const angle = 2 * Math.PI * random.nextFloat();
  const length = between(random, hand.scrapLength);
  const pen = between(random, hand.pen);
  drawSegment(image, x, y, x + length * Math.cos(angle), y + length * Math.sin(angle), pen, between(random, hand.ink));
}

/**
 * Draws a line with round ends: each pixel gets the larger of what it holds and its share of the pen, which falls off
 * over one pixel at the edge.
 * @param pen half the width in pixels
 * @param ink 0 to 1
 */
function drawSegment(
  image: Uint8Array,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  pen: number,
  ink: number,
): void {
  const reach = pen + 0.5;
  const core = (pen - 0.5) * (pen - 0.5); // wholly under the pen; `pen` is over 0.5
  const dx = x1 - x0;
  const dy = y1 - y0;
  const scale = 1 / Math.max(dx * dx + dy * dy, 1e-12);
  const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach - 0.5));
  const right = Math.min(side - 1, Math.floor(Math.max(x0, x1) + reach - 0.5));
  const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach - 0.5));
  const bottom = Math.min(side - 1, Math.floor(Math.max(y0, y1) + reach - 0.5));
  for (let row = top; row <= bottom; row++) {
    const y = row + 0.5 - y0;
    for (let column = left; column <= right; column++) {
      const x = column + 0.5 - x0;
      const t = (x * dx + y * dy) * scale;
      const along = t < 0 ? 0 : t > 1 ? 1 : t;
      const offX = x - along * dx;
      const offY = y - along * dy;
      const distance = offX * offX + offY * offY;
      if (distance >= reach * reach) continue;
      const cover = distance <= core ? 1 : reach - Math.sqrt(distance);
      const value = (255 * ink * cover + 0.5) | 0;
      const at = row * side + column;
      if (value > image[at]!) image[at] = value;
    }
  }
}
