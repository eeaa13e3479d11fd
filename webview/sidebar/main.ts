/** The side panel's chart: the running or selected experiment at a glance; a click opens it. */
import { formatClock } from '../../src/shared/format';
import { qualityOf } from '../../src/shared/quality';
import type { HostToSidebar, SidebarToHost } from '../../src/shared/messages';
import '../ui/base.css';
import './sidebar.css';
import { h, setChildren, setText } from '../ui/dom';
import { onThemeChange } from '../ui/theme';
import { bridge } from '../ui/bridge';
import { SmallCharts } from './smallCharts';

const host = bridge<SidebarToHost, HostToSidebar>(['state']);
const root = document.getElementById('root') ?? document.body;
const openExperiment = (): void => {
  host.post({ type: 'open' });
};

const title = h('span', { class: 'name' });
const facts = h('span', { class: 'facts' });
const open = h(
  'button',
  { class: 'open', attributes: { type: 'button', title: 'Open the experiment' }, on: { click: openExperiment } },
  title,
  facts,
);
const charts = new SmallCharts(openExperiment);
const experiment = h('div', { class: 'experiment' }, open, charts.element);

function factsText({ running, report, progress, away }: HostToSidebar): string {
  if (running) {
    const parts: string[] = [];
    if (!progress) return 'starting';
    if (progress.run) parts.push(`level ${progress.run.level} of ${progress.levels}`);
    if (progress.secondsLeft !== null) parts.push(`${formatClock(progress.secondsLeft)} left`);
    return parts.join(' · ') || 'starting';
  }
  if (away !== undefined) return away;
  if (!report) return 'not run yet';
  const { verdict } = report;
  const quality = qualityOf(report);
  if (!verdict.found && report.status === 'done') return 'no winning ticket shown';
  // the report says "running", but no job is at work: it was cut off
  if (!verdict.found) return report.status === 'running' ? 'interrupted' : report.status;
  const point = report.series[0]?.points.find(one => one.level === verdict.level);
  return `ticket at level ${verdict.level}${point ? ` · ${quality.format(quality.of(point).mean)}` : ''}`;
}

host.listen(state => {
  if (state.name === null) {
    setChildren(root); // the tree has its welcome text
    return;
  }
  if (!experiment.isConnected) setChildren(root, experiment);
  setText(title, state.name);
  setText(facts, factsText(state));
  charts.show(state);
});
onThemeChange(() => {
  charts.themeChanged();
});
host.post({ type: 'ready' });
