/** A sample of the data before an experiment is written: what it holds, how it is divided, and one word to go on. */
import type { HostToPreview, PreviewAnswer, PreviewState, PreviewToHost } from '../../src/shared/previewMessages';
import '../ui/base.css';
import './preview.css';
import { bridge } from '../ui/bridge';
import { card } from '../ui/card';
import { h, setChildren } from '../ui/dom';
import { button, registerControls } from '../ui/toolkit';
import { classesCard } from './classes';
import { sampleCard } from './sample';
import { splitsCard } from './splits';

const host = bridge<PreviewToHost, HostToPreview>(['show']);
const root = document.getElementById('root') ?? document.body;
const answer = (word: PreviewAnswer): void => {
  host.post({ type: 'answer', answer: word });
};

function header({ name, facts, others }: PreviewState): { readonly element: HTMLElement; readonly first: HTMLElement } {
  const goOn = button(
    'Continue',
    () => {
      answer('continue');
    },
    {
      appearance: 'primary',
      title: 'Train on this data: nothing starts yet, how long comes next',
    },
  );
  const element = h(
    'header',
    { class: 'header' },
    h('div', { class: 'header-text' }, h('h1', { text: name }), h('p', { class: 'quiet', text: facts })),
    h(
      'div',
      { class: 'actions' },
      goOn,
      others &&
        button(
          'Other Data…',
          () => {
            answer('other');
          },
          { title: 'Choose other data' },
        ),
      button(
        'Cancel',
        () => {
          answer('cancel');
        },
        { title: 'Write no experiment (Escape)' },
      ),
    ),
  );
  return { element, first: goOn };
}

function notes({ data }: PreviewState): HTMLElement | null {
  if (data.notes.length === 0) return null;
  return h('ul', { class: 'notes' }, ...data.notes.map(text => h('li', { text })));
}

function modelCard({ model }: PreviewState): HTMLElement | null {
  if (!model) return null;
  const facts = h('ul', { class: 'facts' }, ...model.facts.map(text => h('li', { text })));
  return card('model', `Model: ${model.name}`, [], facts).element;
}

host.listen(({ state }) => {
  const { element, first } = header(state);
  setChildren(
    root,
    element,
    h(
      'main',
      {},
      notes(state),
      sampleCard(state.data),
      h('div', { class: 'columns' }, splitsCard(state.data), classesCard(state.data), modelCard(state)),
    ),
  );
  // whoever agrees presses Enter
  first.focus();
});
document.addEventListener('keydown', event => {
  if (event.key === 'Escape') answer('cancel');
});
registerControls();
host.post({ type: 'ready' });
