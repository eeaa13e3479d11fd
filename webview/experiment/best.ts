/** Under the verdict: how all methods stand at the sparsities where several were measured, best first. */
import { formatShare } from '../../src/shared/format';
import { qualityOf } from '../../src/shared/quality';
import type { Ranking, Report } from '../../src/shared/report';
import { sample } from '../charts/legend';
import { styles } from '../charts/styles';
import { h } from '../ui/dom';

/** So many are on show; the others open on request. */
const onShow = 2;
/** Of a ranking so many methods are named; the others are in the tooltip of their number. */
const mostNamed = 5;
/** Sparsities that papers speak of, sparsest first. */
const familiar = [0.99, 0.98, 0.95, 0.9, 0.8, 0.5];

/** null where there is nothing to rank. */
export function bestList(report: Report): HTMLElement | null {
  const rankings = report.verdict.best ?? [];
  const [first, ...others] = ordered(rankings, report);
  if (!first) return null;
  const shown = [first, ...others.slice(0, onShow - 1)];
  const rest = others.slice(onShow - 1);
  return h(
    'div',
    { class: 'best' },
    h('ul', {}, ...shown.map(ranking => item(ranking, report))),
    rest.length > 0 &&
      h(
        'details',
        { class: 'why' },
        h('summary', { text: `At ${rest.length} other ${rest.length === 1 ? 'sparsity' : 'sparsities'}` }),
        h('ul', {}, ...[...rest].sort((a, b) => b.sparsity - a.sparsity).map(ranking => item(ranking, report))),
      ),
  );
}

/** The level of the verdict first, then those nearest to what papers speak of. */
export function ordered(rankings: readonly Ranking[], { verdict }: Pick<Report, 'verdict'>): readonly Ranking[] {
  const rank = ({ level, sparsity }: Ranking): number => {
    if (verdict.found && level === verdict.level) return -1;
    const nearest = familiar.findIndex(target => Math.abs(target - sparsity) < (1 - target) * 0.15);
    return nearest < 0 ? familiar.length : nearest;
  };
  return [...rankings].sort((a, b) => rank(a) - rank(b) || b.sparsity - a.sparsity);
}

function item({ sparsity, entries, text }: Ranking, report: Report): HTMLElement {
  const quality = qualityOf(report);
  return h(
    'li',
    {},
    h('span', { class: 'best-at', text: `Best at ${formatShare(sparsity)}:` }),
    ...entries.slice(0, mostNamed).map(({ method, quality: statistic, difference }) =>
      h(
        'span',
        {
          class: 'best-entry',
          title: difference
            ? `${styles[method].label}: ${quality.formatDifference(difference.mean)} ± ${quality.formatMargin(difference.std)} against the best, over ${difference.pairs} paired replicates`
            : `${styles[method].label}: the best`,
        },
        sample(method),
        `${styles[method].label} `,
        h('span', { class: 'best-value', text: quality.formatStatistic(statistic) }),
      ),
    ),
    entries.length > mostNamed &&
      h('span', { class: 'quiet', text: `and ${entries.length - mostNamed} more`, title: text }),
  );
}
