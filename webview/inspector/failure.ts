/** What is shown in place of a file that cannot be, and above one that has something to say. */
import type { InspectorAction } from '../../src/shared/inspectorView';
import { h } from '../ui/dom';
import { icon } from '../ui/icons';
import { progressRing } from '../ui/toolkit';
import { actionButton } from './fileHeader';

type Perform = (action: InspectorAction) => void;

export function failureBox(message: string, actions: readonly InspectorAction[], perform: Perform): HTMLElement {
  return h(
    'section',
    { class: 'failure-box', attributes: { role: 'alert' } },
    h('span', { class: 'failure-icon' }, icon('error')),
    h(
      'div',
      { class: 'failure-text' },
      h('h2', { text: 'This file cannot be shown' }),
      h('p', { class: 'failure-message', text: message }),
      actions.length > 0 && h('div', { class: 'actions' }, ...actions.map(action => actionButton(action, perform))),
    ),
  );
}

export function noticeBox(message: string, actions: readonly InspectorAction[], perform: Perform): HTMLElement {
  return h(
    'div',
    { class: 'notice', attributes: { role: 'status' } },
    icon('warning'),
    h('span', { class: 'notice-text', text: message }),
    ...actions.map(action => actionButton(action, perform)),
  );
}

export function loadingBox(name: string): HTMLElement {
  return h(
    'div',
    { class: 'loading' },
    progressRing(`Opening ${name}`),
    h('p', { class: 'quiet', text: `Opening ${name} …` }),
  );
}
