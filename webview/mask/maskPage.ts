/** The mask view within the panel's page: it takes the page's place and gives it back as it was. */
import type { MaskRequest } from '../../src/shared/mask';
import type { Report } from '../../src/shared/report';
import { savedState, saveState } from '../ui/bridge';
import { MaskView, readMaskState, type MaskViewState } from './maskView';
import type { MaskAnswer } from './requests';

export class MaskPage {
  private readonly view: MaskView;
  /** What was open when the page was last loaded; taken up with the first report. */
  private saved = readMaskState(savedState()['mask']);
  private last: Pick<MaskViewState, 'mode' | 'weights'> = { mode: 'sign', weights: 'final' };
  private opener: HTMLElement | null = null;
  private scrolled = 0;

  constructor(ask: (request: MaskRequest) => void) {
    this.view = new MaskView({
      ask,
      onChange: shown => {
        saveState({ mask: shown });
        if (shown) this.last = shown;
        else this.giveBack();
      },
    });
  }

  get element(): HTMLElement {
    return this.view.element;
  }

  /** From a cell of the heatmap, which gets the focus back. */
  readonly open = (report: Report, layer: string, level: number): void => {
    this.opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    this.enter(report, { ...this.last, layer, level, method: 'iterative', replicate: 0 });
  };

  reportChanged(report: Report): void {
    if (this.view.isOpen) this.view.update(report);
    else if (this.saved && report.layers.some(({ name }) => name === this.saved?.layer)) this.enter(report, this.saved);
    this.saved = null;
  }

  answer(answer: MaskAnswer): void {
    this.view.answer(answer);
  }

  themeChanged(): void {
    this.view.themeChanged();
  }

  private enter(report: Report, state: MaskViewState): void {
    this.scrolled = window.scrollY;
    this.element.parentElement?.classList.add('masked');
    this.view.open(report, state);
  }

  private giveBack(): void {
    this.element.parentElement?.classList.remove('masked');
    window.scrollTo({ top: this.scrolled });
    const cell = this.opener?.isConnected
      ? this.opener
      : document.querySelector<HTMLElement>('.heat-cell[tabindex="0"]');
    cell?.focus({ preventScroll: true });
    this.opener = null;
  }
}
