import { describe, expect, it } from 'vitest';
import { CurveStore, readViewState, standing, type PanelState } from '../../../webview/experiment/state';
import { sampleCurve, sampleReports } from '../../support/sampleReports';

describe('the saved view', () => {
  it('comes back as it was', () => {
    const saved = {
      view: 'layers',
      pinned: 7,
      hidden: ['one-shot'],
      metric: 'trainLoss',
      asTable: ['curves'],
      name: 'x',
    };
    expect(readViewState(saved)).toEqual({
      view: 'layers',
      pinned: 7,
      hidden: ['one-shot'],
      metric: 'trainLoss',
      asTable: ['curves'],
    });
  });

  it('falls back where it does not fit', () => {
    const broken = { view: 'other', pinned: -1.5, hidden: ['unknown', 3], metric: 4, asTable: 'overview' };
    expect(readViewState(broken)).toEqual(readViewState({}));
    expect(readViewState({})).toEqual({
      view: 'overview',
      pinned: null,
      hidden: [],
      metric: 'testAccuracy',
      asTable: [],
    });
  });
});

describe('curves as they come', () => {
  const curve = sampleCurve('iterative', 3, 0);

  it('are asked for once', () => {
    const store = new CurveStore();
    expect(store.ask(['a', 'b'])).toEqual(['a', 'b']);
    expect(store.ask(['b', 'c'])).toEqual(['c']);
  });

  it('join what was live with what was stored, in the order of steps', () => {
    const store = new CurveStore();
    store.add('a', [curve[5]!]);
    store.add('a', curve.slice(0, 6));
    expect(store.curves.get('a')).toEqual(curve.slice(0, 6));
  });
});

describe('how an experiment stands', () => {
  const state = (changes: Partial<PanelState>): PanelState => ({
    name: 'x',
    running: false,
    report: null,
    progress: null,
    error: null,
    ...changes,
  });

  it('is told from the host and the report together', () => {
    expect(standing(state({ running: true }))).toBe('reading');
    expect(standing(state({ running: true, report: sampleReports.running() }))).toBe('running');
    expect(standing(state({}))).toBe('nothing');
    expect(standing(state({ queued: 2, report: sampleReports.cancelled() }))).toBe('queued');
    expect(standing(state({ queued: 1, running: true, report: sampleReports.running() }))).toBe('running');
    expect(standing(state({ error: 'broken' }))).toBe('failed');
    expect(standing(state({ report: sampleReports.done() }))).toBe('done');
    expect(standing(state({ report: sampleReports.cancelled() }))).toBe('cancelled');
    expect(standing(state({ report: sampleReports.running() }))).toBe('interrupted');
  });
});
