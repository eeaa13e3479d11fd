/** The second data set of an experiment, and its model as it is there. */
import type { DecodedCache } from '../../data/cache';
import type { DataSet } from '../../data/dataset';
import { loadData } from '../../data/load';
import type { Elsewhere } from '../../lottery/graph';
import { loadModel } from '../../models/load';
import type { Model } from '../../models/model';
import { withOutputs } from '../../models/outputs';
import { ExperimentError, type ParsedExperiment } from '../../shared/experiment';
import { networkOf } from '../../training/networkOf';
import { isPlan, type Network } from '../../training/network';
import { PlanError } from '../../training/plan/plan';
import { rescaleData } from '../../training/plan/rescaling';
import { outputLayerOf } from '../outputLayer';
import type { RunnerParts } from '../runner';
import type { TransferSource } from './transferredStart';

export interface TransferSite {
  readonly data: DataSet;
  readonly network: Network;
  readonly outputLayer: string;
}

/** What runs there need. */
export interface PreparedTransfer extends TransferSite {
  readonly elsewhere: Elsewhere;
  readonly initial: RunnerParts['initial'];
  readonly source: TransferSource;
  readonly dataDescription: string;
}

/** @param fingerprint of the model as it is there */
export function preparedTransfer(
  { data, network, outputLayer }: TransferSite,
  { fingerprint, ...rest }: Omit<PreparedTransfer, keyof TransferSite | 'elsewhere'> & { readonly fingerprint: string },
): PreparedTransfer {
  return {
    data: isPlan(network) ? rescaleData(data, network) : data,
    network,
    outputLayer,
    elsewhere: { model: { fingerprint, parameters: network.parameters, outputLayer }, data: data.fingerprint },
    ...rest,
  };
}

/** What the experiment has on its own data set. */
export interface OwnSite {
  readonly data: Pick<DataSet, 'inputShape' | 'classes' | 'task'>;
  readonly model: Model;
  readonly outputLayer: string;
}

const field = 'transfer.data';

/**
 * @param place folder of the experiment file, and what keeps decoded examples between starts
 * @throws ExperimentError (field `transfer.data`) where the model does not fit there; DataError
 */
export async function readTransferSite(
  parsed: ParsedExperiment,
  transfer: NonNullable<ParsedExperiment['transfer']>,
  own: OwnSite,
  { directory, cache }: { readonly directory: string; readonly cache: DecodedCache | null },
): Promise<TransferSite> {
  const { loss } = transfer.training ?? parsed.training;
  const data = await loadData(transfer.data, directory, { loss, cache });
  checkFits(data, own.data);
  const { inputShape, classes, task } = data;
  const model =
    own.model.kind === 'builtin'
      ? await loadModel(parsed.model, directory, { inputShape, classes, task })
      : withClasses(own, classes);
  try {
    const network = await networkOf(model, { inputShape, classes, task, loss });
    return { data, network, outputLayer: outputLayerOf(network) };
  } catch (error) {
    throw error instanceof PlanError ? new ExperimentError(field, error.message) : error;
  }
}

function checkFits(there: OwnSite['data'], here: OwnSite['data']): void {
  const shape = ({ inputShape }: OwnSite['data']): string => `[${inputShape.join(', ')}]`;
  if (shape(there) !== shape(here)) {
    throw new ExperimentError(
      field,
      `has examples of shape ${shape(there)}, but those of data have ${shape(here)}: tickets fit examples of their own shape only; choose other data, or bring both to one size`,
    );
  }
  if (there.task !== here.task) {
    const what = { classification: 'classes', regression: 'numbers to predict' };
    throw new ExperimentError(
      field,
      `has ${what[there.task]}, but data has ${what[here.task]}: both must be the same task`,
    );
  }
}

/** The model of a file with an output layer for other classes; its weights stay with the first data set. */
function withClasses({ data, model, outputLayer }: OwnSite, classes: number): Pick<Model, 'topology'> {
  if (classes === data.classes) return model;
  return {
    topology: (inputShape, outputs) => {
      const changed = withOutputs(model.topology(inputShape, data.classes), outputLayer, outputs);
      if (changed) return changed;
      throw new ExperimentError(
        field,
        `has ${classes} classes, data has ${data.classes}, and layer "${outputLayer}" of the model cannot be given as many outputs: choose data with ${data.classes} classes`,
      );
    },
  };
}
