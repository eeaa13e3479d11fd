/** Which layers the weights go from: layers in forward order × levels, colour is density. */
import { formatCount } from '../../src/shared/format';
import type { Report } from '../../src/shared/report';
import { chartMenu } from '../charts/chartMenu';
import { heatCsv } from '../charts/export/csv';
import { heatSvg } from '../charts/export/heatSvg';
import { Heatmap } from '../charts/heatmap';
import { card, type Card } from '../ui/card';
import { h, setChildren, setText } from '../ui/dom';
import { icon } from '../ui/icons';
import { readTheme } from '../ui/theme';
import type { LevelCursor } from './cursor';
import { heatModel } from './layersModel';

export class Layers {
  private readonly heatmap: Heatmap;
  private readonly warnings = h('div');
  private readonly card: Card;
  private report: Report | null = null;
  private theme = readTheme();

  /** @param onOpen opens the mask of a layer, an iterative level; left out: there is none to open */
  constructor(
    private readonly cursor: LevelCursor,
    onOpen?: (report: Report, layer: string, level: number) => void,
  ) {
    this.heatmap = new Heatmap({
      caption: 'Density of each layer at each level, in percent of its weights',
      onHover: cursor.hover,
      onPick: cursor.pick,
      ...(onOpen && {
        onOpen: (row: number, level: number) => {
          const layer = this.report?.layers[row];
          if (this.report && layer) onOpen(this.report, layer.name, level);
        },
      }),
    });
    const menu = chartMenu({
      title: () => `${this.report?.experiment.name ?? ''}: density of layers at each level`,
      svg: title => this.report && heatSvg(heatModel(this.report), this.theme, title),
      csv: () => this.report && heatCsv(heatModel(this.report)),
    });
    this.card = card('layers', 'Layers × levels', [menu], this.warnings, this.heatmap.element);
    cursor.onChange(() => {
      this.showCursor();
    });
  }

  get element(): HTMLElement {
    return this.card.element;
  }

  show(report: Report): void {
    this.report = report;
    const model = heatModel(report);
    this.heatmap.show(model, this.theme);
    setChildren(
      this.warnings,
      ...model.rows
        .filter(row => row.emptyFrom !== null)
        .map(row =>
          h(
            'div',
            { class: 'failure', attributes: { role: 'note' } },
            icon('warning'),
            h(
              'span',
              {},
              h('strong', { text: `${row.name} is empty from level ${row.emptyFrom ?? 0}: ` }),
              'nothing passes through it any more. Use scope “layer”, a lower rate, or exclude it.',
            ),
          ),
        ),
    );
    this.showCursor();
  }

  themeChanged(): void {
    this.theme = readTheme();
    if (this.report) this.show(this.report);
  }

  private showCursor(): void {
    this.heatmap.setCursor(this.cursor.hovered, this.cursor.pinned);
    const level = this.cursor.active;
    const layers = this.report?.layers ?? [];
    const kept = level === null ? [] : layers.flatMap(layer => layer.kept[level] ?? []);
    setText(
      this.card.aside,
      level === null || kept.length === 0
        ? ''
        : `level ${level} · ${formatCount(kept.reduce((sum, one) => sum + one, 0))} weights kept`,
    );
  }
}
