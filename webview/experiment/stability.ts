/** Stability: whether networks that part at a step still end in one basin, and what rewinding there does for tickets. */
import './studies.css';
import type { Report } from '../../src/shared/report';
import { ChartCard } from '../charts/chartCard';
import { chartMenu } from '../charts/chartMenu';
import { linesContent } from '../charts/content';
import { DataTable } from '../charts/dataTable';
import { tableCsv } from '../charts/export/csv';
import { card } from '../ui/card';
import { h, setChildren, setText } from '../ui/dom';
import { EmptyBox, type EmptyState } from '../ui/emptyState';
import { icon } from '../ui/icons';
import { dropdown } from '../ui/toolkit';
import { barrierChart, barrierTable, pathChart, stabilityAside, stabilityLevels, sweepChart } from './stabilityModel';

const notAsked: EmptyState = {
  title: 'Are networks stable from the rewind step on?',
  text:
    'Two networks that see their data in different orders from one step on end in one basin, or in two with a barrier of ' +
    'error between them (linear mode connectivity, Frankle et al. 2020). Tickets are found where there is no barrier. Add ' +
    'the steps to look at to the experiment file, and "rewindSweep" for tickets that are rewound there.',
  snippet: '"stability": { "at": [0, "1%", "5%"], "levels": [0], "points": 11 },\n"rewindSweep": [0, "1%", "5%"]',
};
const waiting: EmptyState = {
  title: 'Not measured yet',
  text: 'The experiment asks for it: it comes after the runs of the iterative series.',
};

export class StabilityView {
  private readonly empty: EmptyBox;
  private readonly advice = h('div', { class: 'advice-list' });
  private readonly path = new ChartCard({
    name: 'path',
    title: 'Error on the line between two networks',
    controls: [h('div', { class: 'path-level' })],
    hint: 'Weights are mixed evenly from one network to the other. The barrier is the highest error minus the mean of the ends; ± one standard deviation over replicates.',
  });
  private readonly barrier = new ChartCard({
    name: 'barrier',
    title: 'Barrier by the step of parting',
    hint: 'Below the grey line, 2 %, two networks count as one basin: from that step on training is stable.',
  });
  private readonly sweep = new ChartCard({
    name: 'sweep',
    title: 'Tickets by rewind step',
    hint: 'The whole iterative series again, each rewound to another point in training.',
  });
  private readonly table = new DataTable();
  private readonly tableCard;
  private readonly studies: HTMLElement;
  readonly element: HTMLElement;
  private report: Report | null = null;
  private level: number | null = null;
  private offered = '';

  constructor(openExperiment: () => void) {
    this.empty = new EmptyBox(openExperiment);
    this.tableCard = card(
      'barriers',
      'Barriers',
      [
        chartMenu({
          title: () => `${this.report?.experiment.name ?? ''}: barriers`,
          csv: () => this.report && tableCsv(barrierTable(this.report)),
        }),
      ],
      this.table.element,
    );
    this.studies = h(
      'div',
      { class: 'two-columns' },
      h('div', { class: 'column' }, this.path.element, this.tableCard.element),
      h('div', { class: 'column' }, this.barrier.element, this.sweep.element),
    );
    this.element = h('div', {}, this.empty.element, this.advice, this.studies);
  }

  show(report: Report): void {
    this.report = report;
    const { stability = [], sweep = [], stabilityAdvice, sweepAdvice } = report;
    const nothing = stability.length === 0 && sweep.length === 0;
    this.empty.element.hidden = !nothing;
    this.studies.hidden = nothing;
    const { experiment } = report;
    if (nothing) this.empty.show('stability' in experiment || 'rewindSweep' in experiment ? waiting : notAsked);
    setChildren(
      this.advice,
      ...[stabilityAdvice, sweepAdvice].map(
        text => text !== undefined && h('p', { class: 'advice-line' }, icon('check'), h('span', { text })),
      ),
    );
    for (const part of [this.path.element, this.barrier.element, this.tableCard.element]) {
      part.hidden = stability.length === 0;
    }
    this.sweep.element.hidden = sweep.length === 0;
    if (stability.length > 0) {
      this.offerLevels(stabilityLevels(report));
      this.showPath();
      this.barrier.show(linesContent(barrierChart(report)));
      this.table.show(barrierTable(report));
      setText(this.tableCard.aside, stabilityAside(report));
    }
    if (sweep.length > 0) this.sweep.show(linesContent(sweepChart(report)));
  }

  themeChanged(): void {
    for (const chart of [this.path, this.barrier, this.sweep]) chart.themeChanged();
  }

  private showPath(): void {
    if (!this.report) return;
    const levels = stabilityLevels(this.report);
    const level = levels.find(one => one === this.level) ?? levels[0] ?? 0;
    this.path.show(linesContent(pathChart(this.report, level)));
  }

  private offerLevels(levels: readonly number[]): void {
    if (levels.join() === this.offered) return;
    this.offered = levels.join();
    const place = this.path.element.querySelector('.path-level');
    if (!place) return;
    setChildren(
      place,
      levels.length > 1 &&
        dropdown(
          'Networks',
          levels.map(level => ({ value: String(level), label: level === 0 ? 'dense' : `level ${level}` })),
          String(this.level ?? levels[0]),
          level => {
            this.level = Number(level);
            this.showPath();
          },
        ),
    );
  }
}
