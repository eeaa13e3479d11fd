/** Which rows of a long table are in view. Pure. */

/** Browsers give no element more than about 33 million pixels; a longer table scrolls in proportion. */
const mostPixels = 15_000_000;

export interface Scroller {
  readonly rowHeight: number;
  readonly count: number;
  /** Height of the part of the box that shows rows. */
  readonly viewport: number;
}

/** Height of what is scrolled. */
export function contentHeight({ rowHeight, count }: Scroller): number {
  return Math.min(mostPixels, rowHeight * count);
}

/** Pixels of the whole table above the view, and the other way round. */
function positionAt(scroller: Scroller, scrollTop: number): number {
  return Math.max(0, scrollTop) * stretch(scroller);
}

/** Pixels of the table to one of scrolling: 1 but for very long tables. */
function stretch(scroller: Scroller): number {
  const whole = scroller.rowHeight * scroller.count;
  const content = contentHeight(scroller);
  return whole > content ? (whole - scroller.viewport) / (content - scroller.viewport) : 1;
}

export interface VisibleRows {
  readonly first: number;
  /** One after the last. */
  readonly end: number;
  /** Where the first of them lies in what is scrolled. */
  readonly top: number;
}

/** @param spare rows drawn beyond each edge */
export function visibleRows(scroller: Scroller, scrollTop: number, spare: number): VisibleRows {
  const { rowHeight, count, viewport } = scroller;
  const whole = rowHeight * count;
  const position = Math.min(positionAt(scroller, scrollTop), Math.max(0, whole - viewport));
  const first = Math.max(0, Math.floor(position / rowHeight) - spare);
  const end = Math.min(count, Math.ceil((position + viewport) / rowHeight) + spare);
  return { first, end: Math.max(first, end), top: scrollTop + first * rowHeight - position };
}

/** Where to scroll so that a row is wholly in view; the place it is at, where it is already. */
export function scrollTopFor(scroller: Scroller, scrollTop: number, row: number): number {
  const { rowHeight, viewport } = scroller;
  const position = positionAt(scroller, scrollTop);
  const top = row * rowHeight;
  const wanted = top < position ? top : top + rowHeight > position + viewport ? top + rowHeight - viewport : position;
  return wanted === position ? scrollTop : Math.max(0, wanted) / stretch(scroller);
}

/** Where a key leads from a row; null: it is none of these keys. */
export function rowAfterKey(key: string, row: number, { count, rowHeight, viewport }: Scroller): number | null {
  const page = Math.max(1, Math.floor(viewport / rowHeight) - 1);
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    PageDown: row + page,
    PageUp: row - page,
    Home: 0,
    End: count - 1,
  };
  const next = Object.hasOwn(moves, key) ? moves[key] : undefined;
  return next === undefined || count === 0 ? null : Math.min(count - 1, Math.max(0, next));
}
