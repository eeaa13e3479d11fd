/** What classes are taken for: dense, pruned, or the difference of the two. */
import type { ClassificationEvaluation } from '../../src/shared/evaluation';
import type { Report } from '../../src/shared/report';
import { ConfusionMatrix } from '../charts/confusion';
import type { ConfusionModel } from '../charts/confusionModel';
import { chartMenu } from '../charts/chartMenu';
import { DataTable } from '../charts/dataTable';
import { confusionCsv, tableCsv } from '../charts/export/csv';
import { confusionSvg } from '../charts/export/heatSvg';
import { card } from '../ui/card';
import { h, setText } from '../ui/dom';
import { readTheme, type Theme } from '../ui/theme';
import { checkbox, dropdown } from '../ui/toolkit';
import { confusionModel, confusionTable, type ConfusionView } from './confusionsModel';

const views = [
  { value: 'difference', label: 'difference' },
  { value: 'dense', label: 'dense' },
  { value: 'ticket', label: 'ticket' },
] as const;

export class Confusions {
  private readonly matrix = new ConfusionMatrix('Confusion matrix');
  private readonly table = new DataTable();
  private readonly axes = h('p', {
    class: 'quiet hint',
    text: 'Rows: the class of an example. Columns: what it is taken for.',
  });
  private readonly noMatrix = h('p', {
    class: 'quiet',
    text: 'More than 200 classes: the pairs that changed most, of the 100 most confused ones that each run keeps.',
  });
  private readonly card = card(
    'confusions',
    'Confusions',
    [
      dropdown<ConfusionView>('What the matrix shows', views, 'difference', view => {
        this.view = view;
        this.draw();
      }),
      checkbox('Show as table', false, asTable => {
        this.asTable = asTable;
        this.draw();
      }),
      chartMenu({
        title: () => this.title,
        svg: title => this.model && confusionSvg(this.model, this.theme, title),
        csv: () => this.csv(),
      }),
    ],
    this.axes,
    this.noMatrix,
    this.matrix.element,
    this.table.element,
  );
  readonly element = this.card.element;
  private view: ConfusionView = 'difference';
  private asTable = false;
  private theme: Theme = readTheme();
  private model: ConfusionModel | null = null;
  private shown:
    | {
        report: Report;
        dense: readonly ClassificationEvaluation[];
        ticket: readonly ClassificationEvaluation[];
        level: number;
      }
    | undefined;

  show(
    report: Report,
    dense: readonly ClassificationEvaluation[],
    ticket: readonly ClassificationEvaluation[],
    level: number,
  ): void {
    this.shown = { report, dense, ticket, level };
    this.draw();
  }

  themeChanged(theme: Theme): void {
    this.theme = theme;
    this.draw();
  }

  private get title(): string {
    const { report, level } = this.shown ?? {};
    const view =
      level === 0
        ? 'dense'
        : { difference: `level ${level} minus dense`, dense: 'dense', ticket: `level ${level}` }[this.view];
    return `${report?.experiment.name ?? ''}: confusions, ${view}`;
  }

  /** The matrix, or the pairs where there is none. */
  private csv(): string | null {
    if (this.model) return confusionCsv(this.model);
    const { report, dense, ticket, level } = this.shown ?? {};
    if (!report || !dense || !ticket) return null;
    return tableCsv(confusionTable(report, dense, ticket, level ?? 0));
  }

  private draw(): void {
    if (!this.shown) return;
    const { report, dense, ticket, level } = this.shown;
    // the dense network beside itself differs in nothing
    const view = level === 0 ? 'dense' : this.view;
    const model = confusionModel(report, dense, ticket, view, level);
    this.model = model;
    setText(this.card.aside, level === 0 ? 'dense' : `level ${level}`);
    const asMatrix = model !== null && !this.asTable;
    this.matrix.element.hidden = !asMatrix;
    this.axes.hidden = !asMatrix;
    this.table.element.hidden = asMatrix;
    this.noMatrix.hidden = model !== null;
    if (asMatrix) this.matrix.show(model, this.theme);
    else this.table.show(confusionTable(report, dense, ticket, level));
  }
}
