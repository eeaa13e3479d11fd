/** Builds elements without ever parsing HTML: text is text, styles go through the CSSOM, as the strict CSP asks. */

export type Child = Node | string | null | undefined | false;

export interface Properties {
  readonly class?: string;
  readonly text?: string;
  readonly title?: string;
  /** Attributes; `false`, `null` and `undefined` leave one out, `true` sets it empty. */
  readonly attributes?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly style?: Readonly<Record<string, string>>;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
}

function apply(element: HTMLElement | SVGElement, properties: Properties, children: readonly Child[]): void {
  if (properties.class !== undefined) element.setAttribute('class', properties.class);
  if (properties.title !== undefined) element.setAttribute('title', properties.title);
  for (const [name, value] of Object.entries(properties.attributes ?? {})) setAttribute(element, name, value);
  for (const [name, value] of Object.entries(properties.style ?? {})) element.style.setProperty(name, value);
  for (const [name, listener] of Object.entries(properties.on ?? {})) element.addEventListener(name, listener);
  if (properties.text !== undefined) element.append(properties.text);
  append(element, children);
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) if (child !== null && child !== undefined && child !== false) element.append(child);
}

/** An HTML element. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, properties, children);
  return element;
}

/** A custom element. */
export function custom(tag: string, properties: Properties, ...children: readonly Child[]): HTMLElement {
  const element = document.createElement(tag);
  apply(element, properties, children);
  return element;
}

/** An SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  apply(element, properties, children);
  return element;
}

export function setAttribute(
  element: Element,
  name: string,
  value: string | number | boolean | null | undefined,
): void {
  if (value === false || value === null || value === undefined) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : String(value));
}

/** Writes only what changed: an untouched node keeps its selection and makes no work for a screen reader. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setChildren(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren();
  append(element, children);
}

/** Text whose quantities ("97.95 ± 0.12 %", "24 %") do not break between number and unit. */
export function unbroken(text: string): readonly Child[] {
  return text
    .split(/(\d[\d.,]*(?: ± [\d.,]+)? %|\d[\d.,]* percentage points)/)
    .map((part, index) => (index % 2 === 0 ? part : h('span', { class: 'unbroken', text: part })));
}

/** Text for screen readers only. */
export function hiddenText(text: string): HTMLSpanElement {
  return h('span', { class: 'visually-hidden', text });
}
