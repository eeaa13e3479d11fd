/** Transfer: tickets of this data set, trained on a second one beside their controls. */
import './studies.css';
import type { Report } from '../../src/shared/report';
import { ChartCard } from '../charts/chartCard';
import { chartMenu } from '../charts/chartMenu';
import { linesContent } from '../charts/content';
import { DataTable } from '../charts/dataTable';
import { tableCsv } from '../charts/export/csv';
import { card } from '../ui/card';
import { h, setText } from '../ui/dom';
import { EmptyBox, type EmptyState } from '../ui/emptyState';
import { icon } from '../ui/icons';
import { transferChart, transferTable } from './transferModel';

const notAsked: EmptyState = {
  title: 'Do these tickets win elsewhere?',
  text:
    'A ticket that was found on one data set can be trained on another (Morcos et al. 2019), beside fresh weights under ' +
    'its mask and its mask at random. Add the second data set to the experiment file; its examples need the same shape.',
  snippet: '"transfer": { "data": { "format": "idx", "directory": "../data/fashion-mnist" }, "levels": [3, 7, 11] }',
};
const waiting: EmptyState = {
  title: 'Not measured yet',
  text: 'The experiment asks for it: it comes after the runs of the iterative series.',
};

export class TransferView {
  private readonly empty: EmptyBox;
  private readonly summary = h('span');
  private readonly subject = h('p', { class: 'quiet' });
  private readonly chart = new ChartCard({
    name: 'transfer',
    title: 'On the second data set',
    hint: 'All of them are trained on the second data set with its own recipe; the masks come from the first.',
  });
  private readonly table = new DataTable();
  private readonly found: HTMLElement;
  readonly element: HTMLElement;
  private report: Report | null = null;

  constructor(openExperiment: () => void) {
    this.empty = new EmptyBox(openExperiment);
    const tableCard = card(
      'transfer-table',
      'Level by level',
      [
        chartMenu({
          title: () => `${this.report?.experiment.name ?? ''}: transfer`,
          csv: () => {
            const transfer = this.report?.transfer;
            return this.report && transfer ? tableCsv(transferTable(this.report, transfer)) : null;
          },
        }),
      ],
      this.table.element,
    );
    this.found = h(
      'div',
      { class: 'stack' },
      h('div', { class: 'advice-list' }, h('p', { class: 'advice-line' }, icon('check'), this.summary), this.subject),
      h(
        'div',
        { class: 'two-columns' },
        h('div', { class: 'column' }, this.chart.element),
        h('div', { class: 'column' }, tableCard.element),
      ),
    );
    this.element = h('div', {}, this.empty.element, this.found);
  }

  show(report: Report): void {
    this.report = report;
    const { transfer } = report;
    const isThere = transfer?.series.some(({ points }) => points.length > 0) === true;
    this.empty.element.hidden = isThere;
    this.found.hidden = !isThere;
    if (!isThere) {
      this.empty.show('transfer' in report.experiment ? waiting : notAsked);
      return;
    }
    setText(this.summary, transfer.summary);
    setText(this.subject, `${report.dataDescription} → ${transfer.dataDescription}`);
    this.chart.show(linesContent(transferChart(report, transfer)));
    this.table.show(transferTable(report, transfer));
  }

  themeChanged(): void {
    this.chart.themeChanged();
  }
}
