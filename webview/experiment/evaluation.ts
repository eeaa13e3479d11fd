/** What pruning costs beyond accuracy: the dense network against the ticket of a level on the test split. */
import './evaluation.css';
import type { Report } from '../../src/shared/report';
import { DataTable } from '../charts/dataTable';
import { card } from '../ui/card';
import { h, setText } from '../ui/dom';
import { readTheme } from '../ui/theme';
import { Calibration } from './calibration';
import { Classes } from './classes';
import { Confusions } from './confusions';
import {
  availability,
  evaluationsOf,
  figuresTable,
  runsAt,
  targetsTable,
  type Availability,
  type Evaluations,
} from './evaluationModel';

const reasons: Readonly<Record<Exclude<Availability, 'there'>, string>> = {
  reading: 'Reading…',
  waiting: 'Not measured yet.',
  missing: 'Computed by a version without these figures. Run the experiment again: only they are computed.',
};

export class EvaluationView {
  private readonly figures = new DataTable();
  private readonly note = h('p', { class: 'quiet', attributes: { role: 'status' } });
  private readonly targets = new DataTable();
  private readonly classes = new Classes();
  private readonly confusions = new Confusions();
  private readonly calibration = new Calibration();
  private readonly summary = card('figures', 'Dense against ticket', [], this.figures.element, this.note);
  private readonly targetsCard = card('targets', 'Targets', [], this.targets.element);
  readonly element = h(
    'div',
    { class: 'evaluation' },
    h(
      'div',
      { class: 'column' },
      this.summary.element,
      this.targetsCard.element,
      this.classes.element,
      this.calibration.element,
    ),
    h('div', { class: 'column' }, this.confusions.element),
  );
  private shown: { report: Report; level: number; evaluations: Evaluations } | undefined;

  /** @param need asks the host for evaluations that are not here yet */
  constructor(private readonly need: (runs: readonly string[], report: Report) => void) {}

  show(report: Report, level: number, evaluations: Evaluations): void {
    this.shown = { report, level, evaluations };
    this.need([...runsAt(report, 0), ...runsAt(report, level)], report);
    setText(this.summary.aside, level === 0 ? 'level 0: pin a level to compare' : `level ${level}`);
    this.figures.show(figuresTable(report, level));
    const states = [availability(report, evaluations, 0), availability(report, evaluations, level)];
    const lacking = states.find(state => state !== 'there');
    setText(this.note, lacking ? reasons[lacking] : '');
    const isRegression = report.task === 'regression';
    this.showTargets(isRegression && !lacking);
    const parts = [this.classes, this.confusions, this.calibration];
    for (const part of parts) part.element.hidden = isRegression || lacking !== undefined;
    if (isRegression || lacking) return;
    const dense = evaluationsOf(report, evaluations, 0, 'classification');
    const ticket = evaluationsOf(report, evaluations, level, 'classification');
    this.classes.show(report, dense, ticket, level);
    this.confusions.show(report, dense, ticket, level);
    this.calibration.show(dense, ticket, level);
  }

  themeChanged(): void {
    this.confusions.themeChanged(readTheme());
    this.calibration.themeChanged();
  }

  private showTargets(isThere: boolean): void {
    const { shown, targetsCard } = this;
    targetsCard.element.hidden = true;
    if (!isThere || !shown) return;
    const { report, level, evaluations } = shown;
    const table = targetsTable(
      report,
      evaluationsOf(report, evaluations, 0, 'regression'),
      evaluationsOf(report, evaluations, level, 'regression'),
      level,
    );
    if (!table) return;
    targetsCard.element.hidden = false;
    this.targets.show(table);
  }
}
