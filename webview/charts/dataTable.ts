/** The table behind a chart, for those who read numbers rather than lines. */
import './dataTable.css';
import { h, setChildren } from '../ui/dom';
import type { TableModel } from './model';

export class DataTable {
  private readonly table = h('table', { class: 'data-table' });
  readonly element = h('div', { class: 'table-scroll', attributes: { tabindex: 0, role: 'region' } }, this.table);

  show(model: TableModel): void {
    this.element.setAttribute('aria-label', model.caption);
    setChildren(
      this.table,
      h('caption', { class: 'visually-hidden', text: model.caption }),
      h('thead', {}, h('tr', {}, ...model.columns.map(text => h('th', { text, attributes: { scope: 'col' } })))),
      h(
        'tbody',
        {},
        ...model.rows.map(row =>
          h(
            'tr',
            {},
            ...row.map((text, index) =>
              index === 0 ? h('th', { text, attributes: { scope: 'row' } }) : h('td', { text }),
            ),
          ),
        ),
      ),
    );
  }
}
