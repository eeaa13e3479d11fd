/**
 * The one place that knows `@vscode/webview-ui-toolkit`: registers the controls the pages use and makes them.
 * `badge` and `tag` stay out: they style themselves with inline attributes, which the CSP forbids.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeProgressRing,
} from '@vscode/webview-ui-toolkit';
import { custom, h, type Child } from './dom';

export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodePanels(),
    vsCodePanelTab(),
    vsCodePanelView(),
    vsCodeProgressRing(),
  );
}

export interface ButtonOptions {
  readonly appearance?: 'primary' | 'secondary';
  readonly title?: string;
  readonly class?: string;
}

export function button(label: string, onClick: () => void, options: ButtonOptions = {}): HTMLElement {
  return custom('vscode-button', {
    text: label,
    class: options.class ?? '',
    attributes: { appearance: options.appearance ?? 'secondary', title: options.title },
    on: { click: onClick },
  });
}

export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const element = custom('vscode-checkbox', {
    text: label,
    attributes: { checked },
    on: {
      change: () => {
        onChange('checked' in element && element.checked === true);
      },
    },
  });
  return element;
}

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

export function dropdown<Value extends string>(
  label: string,
  choices: readonly Choice<Value>[],
  selected: Value,
  onChange: (value: Value) => void,
): HTMLElement {
  const element = custom(
    'vscode-dropdown',
    {
      attributes: { 'aria-label': label },
      on: {
        change: () => {
          const chosen = choices.find(choice => 'value' in element && choice.value === element.value);
          if (chosen) onChange(chosen.value);
        },
      },
    },
    ...choices.map(choice =>
      custom(
        'vscode-option',
        { attributes: { value: choice.value, selected: choice.value === selected } },
        choice.label,
      ),
    ),
  );
  return element;
}

export function progressRing(label: string): HTMLElement {
  return custom('vscode-progress-ring', { attributes: { 'aria-label': label } });
}

export interface Tab<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly view: HTMLElement;
}

/** Tabs with their views; `onSelect` also runs for the tab that is selected first. */
export function tabs<Id extends string>(
  label: string,
  all: readonly Tab<Id>[],
  selected: Id,
  onSelect: (id: Id) => void,
): HTMLElement {
  const children: Child[] = [
    ...all.map(tab => custom('vscode-panel-tab', { attributes: { id: `tab-${tab.id}` } }, tab.label)),
    ...all.map(tab => custom('vscode-panel-view', { attributes: { id: `view-${tab.id}` } }, tab.view)),
  ];
  const element = custom(
    'vscode-panels',
    {
      attributes: { activeid: `tab-${selected}`, 'aria-label': label },
      on: {
        change: event => {
          // Controls inside a view bubble their own change events up to here.
          if (event.target !== element) return;
          const tab = all.find(({ id }) => 'activeid' in element && element.activeid === `tab-${id}`);
          if (tab) onSelect(tab.id);
        },
      },
    },
    ...children,
  );
  onSelect(selected);
  return h('div', { class: 'tabs' }, element);
}
