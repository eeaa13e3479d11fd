/** A host for the inspector's page in a browser: answers what it asks from made-up files. */
import type { TensorInfo } from '../../src/shared/inspection';
import type { StatisticsResult } from '../../src/shared/inspectorMessages';
import type {
  HostToInspectorView,
  InspectorAction,
  InspectorViewToHost,
  OpenedFile,
} from '../../src/shared/inspectorView';
import {
  comparisonOf,
  detailsOf,
  maskTileOf,
  matrixOf,
  opened,
  pairsOf,
  statisticsOf,
  tileOf,
} from './sampleInspection';
import type { WebviewPage } from './webviewPage';

export type InspectorPage = WebviewPage<InspectorViewToHost, HostToInspectorView>;

const page = 2_000;

export class InspectorHost {
  private answered = 0;
  private answering = true;

  constructor(
    readonly view: InspectorPage,
    private readonly tensors: readonly TensorInfo[],
  ) {
    void this.answerAll();
  }

  /** The file and its list; nothing is counted yet. */
  async open(
    name: string,
    changes: Partial<OpenedFile> = {},
    actions: readonly InspectorAction[] = ['compare', 'find'],
  ): Promise<void> {
    await this.view.send({ type: 'opening', mode: 'inspect', name, state: {} });
    await this.view.send({ type: 'opened', file: opened(name, this.tensors, changes), actions });
    for (let first = 0; first < this.tensors.length; first += page) {
      await this.view.sendLong({ type: 'tensors', first, tensors: this.tensors.slice(first, first + page) });
    }
  }

  /** Statistics of the tensors named; left out: of all, and the word that this is all. */
  async count(only?: readonly number[], results: (index: number) => StatisticsResult = this.resultOf): Promise<void> {
    const indices = only ?? this.tensors.map((_, index) => index);
    for (let first = 0; first < indices.length; first += 500) {
      await this.view.send({
        type: 'statistics',
        results: indices.slice(first, first + 500).map(index => ({ tensor: index, result: results(index) })),
      });
    }
    if (!only) await this.view.send({ type: 'complete' });
  }

  async compare(left: string, right: string, complete = true): Promise<void> {
    const pairs = pairsOf(this.tensors);
    await this.view.send({ type: 'opening', mode: 'compare', name: `${left} ↔ ${right}`, state: {} });
    await this.view.send({
      type: 'comparing',
      left: opened(left, this.tensors),
      right: opened(right, this.tensors, { format: 'safetensors' }),
    });
    await this.view.send({ type: 'pairs', first: 0, total: pairs.length, pairs });
    await this.view.send({
      type: 'unpaired',
      unpaired: [
        { name: 'fc_extra.weight', left: [10, 64], right: null },
        { name: 'linear.weight', left: [10, 64], right: [100, 64] },
      ],
    });
    if (!complete) return;
    const results = pairs.map((pair, index) => ({
      pair: index,
      result: { ok: true as const, comparison: comparisonOf(pair, index) },
    }));
    await this.view.send({ type: 'comparisons', results });
    await this.view.send({ type: 'complete' });
  }

  /** Leaves questions unanswered from now on. */
  stop(): void {
    this.answering = false;
  }

  readonly resultOf = (index: number): StatisticsResult => ({
    ok: true,
    statistics: statisticsOf(this.tensors[index]!, index),
  });

  private async answerAll(): Promise<void> {
    while (this.answering && !this.view.page.isClosed()) {
      const posted = await this.view.posted().catch((): InspectorViewToHost[] => []);
      if (posted.length < this.answered) this.answered = 0; // the page was loaded anew
      for (const message of posted.slice(this.answered)) {
        const answer = this.answerTo(message);
        if (answer) await this.view.send(answer).catch(() => undefined);
      }
      this.answered = posted.length;
      await new Promise(resolve => setTimeout(resolve, 15));
    }
  }

  private answerTo(message: InspectorViewToHost): HostToInspectorView | null {
    const pairs = pairsOf(this.tensors);
    switch (message.type) {
      case 'tile': {
        const matrix = matrixOf(this.tensors[message.tensor]!);
        return { type: 'tile', request: message.request, tile: tileOf(matrix, message.region, message.cells) };
      }
      case 'details': {
        const info = this.tensors[message.tensor]!;
        const details = detailsOf(info, statisticsOf(info, message.tensor));
        return { type: 'details', request: message.request, details };
      }
      case 'maskTile': {
        const matrix = matrixOf(pairs[message.pair]!.left);
        return { type: 'maskTile', request: message.request, tile: maskTileOf(matrix, message.region, message.cells) };
      }
      case 'nextDifference': {
        const { columns } = matrixOf(pairs[message.pair]!.left);
        const position = message.from + 3;
        const found = { position, row: Math.floor(position / columns), column: position % columns };
        return { type: 'difference', request: message.request, found };
      }
      case 'ready':
      case 'visible':
      case 'forget':
      case 'counted':
      case 'copy':
      case 'perform':
        return null;
    }
  }
}
