/** Mouse, pen and fingers on an element: hover, drag, pinch, wheel, double click. */
export interface PointerListener {
  /** Places are CSS pixels in the element. */
  readonly hover: (x: number, y: number) => void;
  readonly leave: () => void;
  readonly pan: (x: number, y: number) => void;
  /** One step of a wheel is 1, towards the weights; the place stays where it is. */
  readonly zoom: (steps: number, x: number, y: number) => void;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

export class Pointers {
  private readonly down = new Map<number, Point>();

  constructor(
    private readonly element: HTMLElement,
    private readonly listener: PointerListener,
    /** Who a wheel alone belongs to: the page, which scrolls, or the element, which zooms, and pans sideways and with Shift. */
    wheel: 'page' | 'own' = 'page',
  ) {
    element.addEventListener('pointerdown', event => {
      if (event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
      this.down.set(event.pointerId, this.place(event));
    });
    element.addEventListener('pointermove', event => {
      this.moved(event);
    });
    for (const end of ['pointerup', 'pointercancel'] as const) {
      element.addEventListener(end, event => {
        this.down.delete(event.pointerId);
      });
    }
    element.addEventListener('pointerleave', listener.leave);
    element.addEventListener('dblclick', event => {
      const { x, y } = this.place(event);
      listener.zoom(2, x, y);
    });
    element.addEventListener(
      'wheel',
      event => {
        // a pinch on a touchpad comes as a wheel with Ctrl
        const pinch = event.ctrlKey || event.metaKey;
        if (wheel === 'page' && !pinch) return;
        event.preventDefault();
        const { x, y } = this.place(event);
        const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1;
        const [across, down] = [event.deltaX * unit, event.deltaY * unit];
        if (event.shiftKey && !pinch) listener.pan(-(across || down), 0);
        else if (Math.abs(across) > Math.abs(down)) listener.pan(-across, 0);
        else listener.zoom(Math.max(-2, Math.min(2, -down / 100)), x, y);
      },
      { passive: false },
    );
  }

  private place(event: MouseEvent): Point {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private moved(event: PointerEvent): void {
    const now = this.place(event);
    const before = this.down.get(event.pointerId);
    if (!before) {
      this.listener.hover(now.x, now.y);
      return;
    }
    const [other] = [...this.down].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    this.down.set(event.pointerId, now);
    if (!other) {
      this.listener.pan(now.x - before.x, now.y - before.y);
      return;
    }
    const apart = (point: Point): number => Math.max(8, Math.hypot(point.x - other.x, point.y - other.y));
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.listener.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
    this.listener.zoom(Math.log2(apart(now) / apart(before)), middle.x, middle.y);
  }
}
