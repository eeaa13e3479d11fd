/** Answers a page's requests for masks as the host does, from a rule instead of files: inside the page, where buffers live. */
import type { Page } from 'playwright-core';
import type { HostToPanel, PanelToHost } from '../../src/shared/messages';
import type { Report, ReportLayer } from '../../src/shared/report';

export interface MaskRule {
  readonly layers: readonly Pick<ReportLayer, 'name' | 'shape'>[];
  /** Share of kept weights by run. */
  readonly densities: Readonly<Record<string, number>>;
  /** So many inputs of the first layer keep nothing. */
  readonly deadInputs: number;
  /** What every request is answered with instead. */
  readonly failure?: string;
}

/** As many weights as the report says at each level; the first 28 inputs of the first layer are dead. */
export function ruleOf(report: Report, layers: MaskRule['layers'] = report.layers): MaskRule {
  const densities = report.series.flatMap(({ points }) =>
    points.flatMap(({ runs, kept, total }) => runs.map(run => [run, kept / total] as const)),
  );
  return { layers, densities: Object.fromEntries(densities), deadInputs: 28 };
}

export async function answerMasks(page: Page, rule: MaskRule): Promise<void> {
  await page.evaluate(answering, rule);
}

/** Runs inside the page. Answers what was posted and what will be. */
function answering({ layers, densities, deadInputs, failure }: MaskRule): void {
  const { posted } = window as unknown as { posted: PanelToHost[] & { answered?: number } };
  const before = (window as unknown as { answering?: number }).answering;
  window.clearInterval(before);
  posted.answered ??= 0;
  /** From 0 to 1, the same for a weight at every density, so that masks are nested as real ones are. */
  const chance = (output: number, input: number, place: number): number => {
    let hash = Math.imul(output + 1, 0x9e3779b1) ^ Math.imul(input + 1, 0x85ebca6b) ^ Math.imul(place + 1, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
    return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
  };
  const tick = (): void => {
    while (posted.answered! < posted.length) {
      const message = posted[posted.answered!++]!;
      if (message.type === 'mask') window.postMessage(answerTo(message), '*');
    }
  };
  const answerTo = (message: Extract<PanelToHost, { type: 'mask' }>): HostToPanel => {
    const { request, run, layer, region, block, weights } = message;
    if (failure !== undefined) return { type: 'maskFailed', request, message: failure };
    const { shape } = layers.find(({ name }) => name === layer)!;
    const places = shape.slice(0, -2).reduce((product, size) => product * size, 1);
    const density = densities[run] ?? 1;
    const dead = layer === layers[0]?.name && places === 1 ? deadInputs : 0;
    const count = region.outputs * region.inputs * places;
    const kept = new Uint8Array(Math.ceil(count / 8));
    const values = new Float32Array(block ? 0 : count);
    const across = block ? Math.ceil(region.inputs / block.inputs) : 0;
    const blocks = block ? across * Math.ceil(region.outputs / block.outputs) : 0;
    const [sums, positive, magnitude] = [new Uint32Array(blocks), new Uint32Array(blocks), new Float32Array(blocks)];
    const [outputs, inputs] = [new Uint32Array(region.outputs), new Uint32Array(region.inputs)];
    let at = 0;
    let next = 0;
    for (let output = 0; output < region.outputs; output++) {
      for (let input = 0; input < region.inputs; input++) {
        for (let place = 0; place < places; place++, at++) {
          const drawn = chance(region.output + output, region.input + input, place);
          if (drawn >= density || region.input + input < dead) continue;
          // no two weights are alike, half of them below 0
          const value = (weights === 'final' ? 0.5 : 0.25) * (1.05 - drawn) * (Math.floor(drawn * 1e6) % 2 ? 1 : -1);
          if (block) {
            const cell = Math.floor(output / block.outputs) * across + Math.floor(input / block.inputs);
            sums[cell]!++;
            if (value > 0) positive[cell]!++;
            magnitude[cell]! += Math.abs(value);
            outputs[output]!++;
            inputs[input]!++;
          } else {
            kept[at >> 3]! |= 1 << (at & 7);
            values[next++] = value;
          }
        }
      }
    }
    if (!block) {
      const part = { kind: 'weights', kept: kept.buffer, values: values.slice(0, next).buffer } as const;
      return { type: 'mask', request, part };
    }
    const part = {
      kind: 'blocks',
      kept: sums.buffer,
      positive: positive.buffer,
      magnitude: magnitude.buffer,
      outputs: outputs.buffer,
      inputs: inputs.buffer,
      largest: 0.525,
    } as const;
    return { type: 'mask', request, part };
  };
  (window as unknown as { answering?: number }).answering = window.setInterval(tick, 5);
}
