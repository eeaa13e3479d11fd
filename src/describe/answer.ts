/** One request, one answer, whatever the files hold. */
import type { DescriberToHost, HostToDescriber } from '../shared/describeMessages';
import { ExperimentError } from '../shared/experiment';
import { describeData } from './data/describe';
import { describeBuiltins, describeModel } from './model';

export async function answer(request: HostToDescriber): Promise<DescriberToHost> {
  const { id } = request;
  try {
    switch (request.type) {
      case 'model':
        return { type: 'model', id, model: await describeModel(request.spec, request.folder, request.data) };
      case 'builtins':
        return { type: 'builtins', id, models: await describeBuiltins(request.names, request.data) };
      case 'data':
        return { type: 'data', id, data: await describeData(request) };
    }
  } catch (error) {
    return { type: 'failed', id, message: wordsOf(error) };
  }
}

/** Fields of an experiment file say nothing to who has none yet. */
function wordsOf(error: unknown): string {
  if (error instanceof ExperimentError) return error.reason;
  return error instanceof Error ? error.message : String(error);
}
