/** What a level must meet to be a winning ticket, met or not; always as tall, so that nothing moves under the pointer. */
import type { Report } from '../../src/shared/report';
import { h, hiddenText, setChildren, setText, unbroken } from '../ui/dom';
import { icon } from '../ui/icons';

const icons = { met: 'tick', unmet: 'cross', open: 'dash' } as const;
const spoken = { met: 'met', unmet: 'not met', open: 'not known' } as const;

export class Conditions {
  private readonly title = h('h3');
  private readonly list = h('div');
  readonly element = h('div', { class: 'conditions' }, this.title, this.list);
  private shown = '';

  show(report: Report, level: number): void {
    const conditions = report.verdict.levels.find(one => one.level === level)?.reasons;
    const most = Math.max(0, ...report.verdict.levels.map(one => one.reasons.length));
    this.element.style.minHeight = `${1.6 * (most + 1)}em`;
    const signature = JSON.stringify([level, conditions]);
    if (this.shown === signature) return;
    this.shown = signature;
    setText(this.title, level === 0 ? 'Level 0' : `Is level ${level} a winning ticket?`);
    setChildren(this.list);
    if (!conditions) {
      const text = level === 0 ? 'The dense network, which the others are measured against.' : 'Not measured yet.';
      this.list.append(h('p', { class: 'quiet', text }));
      return;
    }
    const items = conditions.map(({ met, open, text }) => {
      const state = met ? 'met' : open ? 'open' : 'unmet';
      return h(
        'li',
        { class: state },
        icon(icons[state]),
        hiddenText(`${spoken[state]}: `),
        h('span', {}, ...unbroken(text)),
      );
    });
    this.list.append(h('ul', {}, ...items));
  }
}
