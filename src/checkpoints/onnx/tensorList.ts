/** From the records of a model to its tensors: what each is, by the operators that use it, and what reads its values. */
import type { TensorInfo } from '../../shared/inspection';
import type { ByteSource, StoredPlaces } from '../checkpoint';
import { CheckpointError } from '../checkpointError';
import { bytesPerElement, isDtype } from '../dtypes';
import { KeptEntries } from '../values/derivedValues';
import { rowMajor, TensorError, type TensorValues } from '../values/tensorValues';
import { describeTensor, guessConvention } from '../roles';
import { elementType } from './elementTypes';
import type { ExternalFiles } from './externalFiles';
import { isNumbered, layerName, nameTensors } from './naming';
import { dequantised, type Parameter, quantisationOf } from './quantisation';
import { type ListedTensor, type ModelRecord, type Scope, SparseRecord } from './records';
import { sparseValuesOf } from './sparseTensor';
import { describedBy, meaningAmong, type Stored } from './tensorRoles';
import { valuesOf } from './tensorValues';
import { Usage, type Use } from './usage';

export interface OnnxTensor {
  readonly info: TensorInfo;
  /** Null where there is an error. */
  readonly values: TensorValues | null;
  readonly places: StoredPlaces | null;
}

export interface OnnxTensors {
  readonly tensors: readonly OnnxTensor[];
  readonly notes: readonly string[];
}

type Loaded = { readonly values: TensorValues } | { readonly error: string };

export async function listTensors(model: ModelRecord, source: ByteSource, files: ExternalFiles): Promise<OnnxTensors> {
  const usage = new Usage(model);
  const kept = new KeptEntries();
  const loaded: Loaded[] = [];
  const places = new Map<Scope, Map<string, number>>();
  for (const [index, listed] of model.tensors.entries()) {
    loaded.push(await load(listed, source, files, kept));
    const names = places.get(listed.scope) ?? new Map<string, number>();
    places.set(listed.scope, names);
    if (!names.has(listed.record.name)) names.set(listed.record.name, index);
  }
  const parameter = (name: string, scope: Scope): Parameter => {
    let at: Scope | null = scope;
    while (at && !places.get(at)?.has(name)) at = at.parent;
    const index = at ? places.get(at)!.get(name)! : undefined;
    const found = index === undefined ? undefined : loaded[index];
    if (!found || 'error' in found)
      throw new TensorError(`its scale or zero point ${JSON.stringify(name.slice(0, 200))} is not in the file`);
    return { values: found.values, shape: model.tensors[index!]!.record.dims };
  };
  const convention = guessConvention(model.tensors.map(({ record }) => record.name));
  const told = model.tensors.map(listed => {
    const { record, scope } = listed;
    const uses = usage.of(record.name, scope, record.dims.length);
    const stored: Stored = { dtype: dtypeOf(listed), shape: record.dims };
    return { listed, uses, stored, meaning: meaningAmong(uses, stored) };
  });
  const names = nameTensors(
    told.map(({ listed, meaning }) => {
      const layer = meaning && isNumbered(listed.record.name) ? layerName(meaning.use, meaning.meaning) : null;
      return { listed, layer };
    }),
  );
  const tensors = told.map(({ listed, uses, stored, meaning }, index): OnnxTensor => {
    const { record } = listed;
    const name = names[index]!;
    const result = quantise(loaded[index]!, stored, uses, parameter);
    const error = 'error' in result ? result.error : null;
    const info = describeTensor({
      name,
      dtype: 'error' in result ? stored.dtype : (result.dtype ?? stored.dtype),
      shape: record.dims,
      bytes: 'error' in result ? 0 : result.values.bytes,
      convention,
      error,
      ...describedBy(name, isNumbered(record.name), stored, uses, meaning?.meaning ?? null, 'dtype' in result),
    });
    if ('error' in result || info.error !== null) return { info, values: null, places: null };
    return { info, values: result.values, places: result.places ?? null };
  });
  return { tensors, notes: notesOf(model, names, places) };
}

async function load(
  { record }: ListedTensor,
  source: ByteSource,
  files: ExternalFiles,
  kept: KeptEntries,
): Promise<Loaded> {
  try {
    const values =
      record instanceof SparseRecord
        ? await sparseValuesOf(record, source, files.open, kept)
        : await valuesOf(record, source, files.open);
    return { values };
  } catch (error) {
    if (error instanceof TensorError) return { error: error.message };
    if (error instanceof CheckpointError) return { error: error.message.replace(`${source.name}: `, '') };
    throw error;
  }
}

function dtypeOf({ record }: ListedTensor): string {
  const { type } = record instanceof SparseRecord ? record.values : record;
  return elementType(type)?.dtype ?? `type ${type}`;
}

type Quantised =
  | { readonly error: string }
  | { readonly values: TensorValues; readonly dtype?: string; readonly places?: StoredPlaces | null };

/** The real numbers that the values stand for, where an operator says so. */
function quantise(
  loaded: Loaded,
  { dtype, shape }: Stored,
  uses: readonly Use[],
  parameter: (name: string, scope: Scope) => Parameter,
): Quantised {
  if ('error' in loaded || !/^([IU]\d+|F8_.*|F4)$/.test(dtype)) return loaded;
  for (const use of uses) {
    const by = quantisationOf(use, shape.length);
    if (!by) continue;
    try {
      const scale = by.scale === '' ? 1 : parameter(by.scale, by.scope);
      const zero = by.zeroPoint === '' ? 0 : parameter(by.zeroPoint, by.scope);
      const values = dequantised(loaded.values, shape, by, scale, zero);
      const places = zero === 0 ? placesOf(loaded.values, dtype, shape) : null;
      return {
        values,
        dtype: dtype.replace(/^([IU])(\d+)$/, (_, sign, bits) => `Q${sign === 'U' ? 'U' : ''}INT${bits}`),
        places,
      };
    } catch (error) {
      if (error instanceof TensorError) return { error: error.message };
      throw error;
    }
  }
  return loaded;
}

/** Of floats that are only scaled: 0 stays 0. */
function placesOf({ raw }: TensorValues, dtype: string, shape: readonly number[]): StoredPlaces | null {
  if (!raw || !isDtype(dtype) || !dtype.startsWith('F')) return null;
  const valueBytes = bytesPerElement[dtype];
  return {
    source: raw.source,
    offset: raw.offset,
    valueBytes,
    strides: rowMajor(shape).map(step => step * valueBytes),
  };
}

const mostExamples = 3;

function notesOf(
  model: ModelRecord,
  names: readonly string[],
  places: ReadonlyMap<Scope, ReadonlyMap<string, number>>,
): string[] {
  const own = model.tensors.map(({ record }) => record.name);
  const renamed = own.flatMap((name, i) => (isNumbered(name) && names[i] !== name ? [`${name} as ${names[i]!}`] : []));
  const twice = model.tensors.flatMap(({ record, scope }, i) =>
    places.get(scope)!.get(record.name) === i ? [] : [record.name],
  );
  const shown = (list: readonly string[]): string =>
    list
      .slice(0, mostExamples)
      .map(text => text.slice(0, 200))
      .join(', ') + (list.length > mostExamples ? ', …' : '');
  const notes: string[] = [];
  if (renamed.length > 0) {
    notes.push(`Tensors that the exporter numbered are shown by their layers: ${shown(renamed)}`);
  }
  if (twice.length > 0) notes.push(`Several tensors of one graph have the same name: ${shown(twice)}`);
  return notes;
}
