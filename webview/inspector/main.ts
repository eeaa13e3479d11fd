/** The inspector's page: wires the host's messages to what is shown. It holds no truth, only view state. */
import {
  type HostToInspectorView,
  type InspectorAction,
  type InspectorViewToHost,
} from '../../src/shared/inspectorView';
import '../ui/base.css';
import './inspector.css';
import './detail.css';
import { bridge, savedState, saveState } from '../ui/bridge';
import { h, setChildren } from '../ui/dom';
import { onThemeChange, readTheme } from '../ui/theme';
import { registerControls } from '../ui/toolkit';
import { CompareView } from './compareView';
import { failureBox, loadingBox, noticeBox } from './failure';
import { FileHeader } from './fileHeader';
import { InspectView, type ViewServices } from './inspectView';
import { Requests } from './requests';
import { readViewState, type ViewState } from './viewState';

registerControls();
const host = bridge<InspectorViewToHost, HostToInspectorView>([
  'opening',
  'opened',
  'tensors',
  'statistics',
  'comparing',
  'pairs',
  'unpaired',
  'comparisons',
  'complete',
  'tile',
  'details',
  'maskTile',
  'difference',
  'requestFailed',
  'failed',
  'notice',
  'copy',
]);
const post = (message: InspectorViewToHost): void => {
  host.post(message);
};
const perform = (action: InspectorAction): void => {
  post({ type: 'perform', action });
};

let view = readViewState(savedState());
let theme = readTheme();
let shown: InspectView | CompareView | undefined;
const requests = new Requests(post);
const header = new FileHeader(perform);
const notices = h('div', { class: 'notices' });
const place = h('div', { class: 'place' });
const root = document.getElementById('root') ?? document.body;
root.append(header.element, notices, place);

function services(): ViewServices {
  return {
    header,
    requests,
    post,
    view,
    onChange: (changes: Partial<ViewState>) => {
      view = { ...view, ...changes };
      saveState(view);
    },
    theme: () => theme,
  };
}

function show(next: InspectView | CompareView): void {
  shown?.close();
  shown = next;
  setChildren(place, next.element);
}

host.listen(message => {
  switch (message.type) {
    case 'opening':
      requests.reset();
      shown?.close();
      shown = undefined;
      saveState(message.state);
      header.showName(message.name, '');
      header.showFacts('');
      header.showActions([]);
      header.showProgress('', null);
      setChildren(notices);
      setChildren(place, loadingBox(message.name));
      return;
    case 'opened':
      header.showName(message.file.name, message.file.place);
      header.showActions(message.actions);
      show(new InspectView(message.file, services()));
      return;
    case 'comparing':
      header.showName(`${message.left.name} ↔ ${message.right.name}`, '');
      show(new CompareView(message.left, message.right, services()));
      return;
    case 'tensors':
      if (shown instanceof InspectView) shown.tensors(message.first, message.tensors);
      return;
    case 'statistics':
      if (shown instanceof InspectView) shown.results(message.results);
      return;
    case 'pairs':
      if (shown instanceof CompareView) shown.pairs(message.first, message.total, message.pairs);
      return;
    case 'unpaired':
      if (shown instanceof CompareView) shown.setUnpaired(message.unpaired);
      return;
    case 'comparisons':
      if (shown instanceof CompareView) shown.results(message.results);
      return;
    case 'complete':
      shown?.finish();
      return;
    case 'tile':
    case 'details':
    case 'maskTile':
    case 'difference':
    case 'requestFailed':
      requests.answer(message);
      return;
    case 'failed':
      requests.reset();
      shown?.close();
      shown = undefined;
      header.showProgress('', null);
      header.showActions([]);
      setChildren(place, failureBox(message.message, message.actions, perform));
      return;
    case 'notice':
      shown?.halt();
      setChildren(notices, noticeBox(message.message, message.actions, perform));
      return;
    case 'copy':
      shown?.copy(message.format);
  }
});

onThemeChange(() => {
  theme = readTheme();
  shown?.repaint(theme);
});

// the editor's own find is for text; here it is the filter
window.addEventListener('keydown', event => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'f' && shown) {
    event.preventDefault();
    shown.focusFilter();
  }
});

post({ type: 'ready' });
