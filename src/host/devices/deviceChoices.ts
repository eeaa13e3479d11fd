/** What the list of devices shows. Pure. */
import type { Examination, ExaminedExecutor, Measurement } from '../../shared/examination';
import { formatRate } from '../../shared/executorChoice';

export interface DeviceChoice {
  readonly executor: ExaminedExecutor['name'] | 'auto';
  readonly usable: boolean;
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

/** Auto first, then what can be used, then what cannot, with the reason. @param current the one that is set */
export function deviceChoices({ executors, auto }: Examination, current: string): DeviceChoice[] {
  const label = (name: string, usable: boolean): string =>
    `$(${name === current ? 'check' : usable ? 'circle-large-outline' : 'circle-slash'}) ${name}`;
  const taken = auto.map(({ executor, measuredOn }) => `${executor} for ${networkOf(measuredOn)}`);
  return [
    {
      executor: 'auto',
      usable: true,
      label: label('auto', true),
      description: 'the fastest for each experiment',
      detail: `By a trial of some seconds at its first start. Here it takes ${taken.join(', ') || 'what can be used'}.`,
    },
    ...[...executors]
      .sort((a, b) => Number(b.usable) - Number(a.usable))
      .map((one): DeviceChoice => {
        const { name, usable } = one;
        return {
          executor: name,
          usable,
          label: label(name, usable),
          description: one.usable ? one.device : 'cannot be used here',
          detail: one.usable ? [...one.measurements.map(describe), ...one.notes].join(' · ') : one.reason,
        };
      }),
  ];
}

/** "LeNet-300-100, Adam, batch 60" → "LeNet-300-100" */
function networkOf(measuredOn: string): string {
  return measuredOn.split(',')[0]!;
}

function describe(measurement: Measurement): string {
  const network = networkOf(measurement.measuredOn);
  if ('reason' in measurement) return `${network}: ${measurement.reason}`;
  const { stepsPerSecond, sparseStepsPerSecond } = measurement;
  const sparse = sparseStepsPerSecond === undefined ? '' : `, sparse ${formatRate(sparseStepsPerSecond)}`;
  return `${network} ${formatRate(stepsPerSecond)}${sparse}`;
}
