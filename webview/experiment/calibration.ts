/** Whether confidence can be believed: accuracy against confidence in bins, dense and pruned. */
import type { ClassificationEvaluation, ConfidenceBin } from '../../src/shared/evaluation';
import { chartMenu } from '../charts/chartMenu';
import { DataTable } from '../charts/dataTable';
import { plotCsv } from '../charts/export/csv';
import { plotSvg } from '../charts/export/plotSvg';
import { sample } from '../charts/legend';
import type { PlotModel } from '../charts/model';
import { Plot } from '../charts/plot';
import { card } from '../ui/card';
import { h, setChildren, setText } from '../ui/dom';
import { readTheme } from '../ui/theme';
import { checkbox } from '../ui/toolkit';
import { calibrationNote, describeBin, pooledBins, reliabilityModel, reliabilityTable } from './calibrationModel';

export class Calibration {
  private readonly table = new DataTable();
  private readonly readout = h('p', { class: 'confusion-readout', attributes: { 'aria-hidden': 'true' } });
  private readonly key = h('p', { class: 'key' });
  private readonly plot: Plot;
  private readonly card;
  readonly element: HTMLElement;
  private asTable = false;
  private hovered: number | null = null;
  private shown:
    { dense: readonly ConfidenceBin[]; ticket: readonly ConfidenceBin[]; level: number } | null | undefined;

  constructor() {
    this.plot = new Plot({
      label: 'Accuracy against confidence',
      onHover: bin => {
        this.hovered = bin;
        this.showBin();
      },
      onPick: () => undefined,
      describe: bin => this.describe(bin),
    });
    this.card = card(
      'calibration',
      'Calibration',
      [
        checkbox('Show as table', false, asTable => {
          this.asTable = asTable;
          this.draw();
        }),
        chartMenu({
          title: () => `Calibration, dense and level ${this.shown?.level ?? 0}`,
          svg: title => this.model && plotSvg(this.model, readTheme(), title),
          csv: () => this.model && plotCsv(this.model),
        }),
      ],
      this.key,
      h('div', { class: 'chart-box' }, this.plot.element, this.table.element),
      this.readout,
      h('p', {
        class: 'quiet hint',
        text:
          'On the dashed line confidence is what it says. Beside the title: the expected calibration error over 15 bins ' +
          '(Guo et al. 2017); replicates are taken together.',
      }),
    );
    this.element = this.card.element;
  }

  show(dense: readonly ClassificationEvaluation[], ticket: readonly ClassificationEvaluation[], level: number): void {
    const [own, other] = [pooledBins(dense), pooledBins(ticket)];
    this.shown = own && other && { dense: own, ticket: other, level };
    this.element.hidden = this.shown === null;
    this.draw();
  }

  themeChanged(): void {
    this.plot.themeChanged();
  }

  private get model(): PlotModel | null {
    const { shown } = this;
    return shown ? reliabilityModel(shown.dense, shown.ticket, shown.level) : null;
  }

  private draw(): void {
    const { shown, asTable } = this;
    this.plot.element.hidden = asTable;
    this.readout.hidden = asTable;
    this.table.element.hidden = !asTable;
    if (!shown) return;
    const { dense, ticket, level } = shown;
    setChildren(
      this.key,
      h('span', {}, sample('dense'), 'dense'),
      level > 0 && h('span', {}, sample('iterative'), `level ${level}`),
    );
    setText(this.card.aside, `calibration error: ${calibrationNote(dense, ticket, level)}`);
    if (asTable) this.table.show(reliabilityTable(dense, ticket, level));
    else this.plot.show(reliabilityModel(dense, ticket, level), { hovered: this.hovered, pinned: null });
    this.showBin();
  }

  private showBin(): void {
    setText(this.readout, this.hovered === null ? '' : this.describe(this.hovered));
    this.plot.setCursor({ hovered: this.hovered, pinned: null });
  }

  private describe(bin: number): string {
    return this.shown ? describeBin(this.shown.dense, this.shown.ticket, this.shown.level, bin) : '';
  }
}
