/** What the host tells the inspector's page, for page tests: files with made-up numbers, the same every time. */
import type { TensorComparison } from '../../src/shared/comparison';
import {
  histogramBins,
  type LayerKind,
  type TensorInfo,
  type TensorRole,
  type TensorStatistics,
} from '../../src/shared/inspection';
import type { MaskTile, MatrixRegion, MatrixShape, TensorDetails, Tile } from '../../src/shared/inspectorMessages';
import type { ComparedTensors, OpenedFile } from '../../src/shared/inspectorView';
import { Random } from '../../src/shared/random';

export function tensor(name: string, shape: readonly number[], changes: Partial<TensorInfo> = {}): TensorInfo {
  const count = shape.reduce((product, size) => product * size, 1);
  const prunable = shape.length > 1;
  const role: TensorRole = 'weight';
  const kind: LayerKind | null = shape.length === 4 ? 'convolution' : shape.length === 2 ? 'dense' : 'normalization';
  const axes = prunable ? { outputAxis: 0, inputAxis: 1 } : { outputAxis: null, inputAxis: null };
  return {
    name,
    dtype: 'F32',
    shape,
    count,
    bytes: 4 * count,
    role,
    prunable,
    kind,
    ...axes,
    tiedTo: null,
    error: null,
    ...changes,
  };
}

/** A residual network of 20 layers for CIFAR-10, as PyTorch saves it, pruned unevenly. */
export function residualNetwork(): TensorInfo[] {
  const norm = (name: string, width: number): TensorInfo[] => [
    ...['weight', 'bias'].map(part => tensor(`${name}.${part}`, [width])),
    ...['running_mean', 'running_var'].map(part => tensor(`${name}.${part}`, [width], { role: 'buffer' })),
    tensor(`${name}.num_batches_tracked`, [], { role: 'buffer', dtype: 'I64', bytes: 8 }),
  ];
  const blocks = [16, 32, 64].flatMap((width, stage) =>
    [0, 1, 2].flatMap(block => {
      const path = `layer${stage + 1}.${block}`;
      const before = block === 0 && stage > 0 ? width / 2 : width;
      return [
        tensor(`${path}.conv1.weight`, [width, before, 3, 3]),
        ...norm(`${path}.bn1`, width),
        tensor(`${path}.conv2.weight`, [width, width, 3, 3]),
        ...norm(`${path}.bn2`, width),
      ];
    }),
  );
  return [
    tensor('conv1.weight', [16, 3, 3, 3]),
    ...norm('bn1', 16),
    ...blocks,
    tensor('linear.weight', [10, 64]),
    tensor('linear.bias', [10], { kind: 'bias' }),
  ];
}

/** A small transformer with a head tied to its embedding, half of it in BF16. */
export function transformer(layers = 4): TensorInfo[] {
  const block = (index: number): TensorInfo[] => {
    const path = `model.layers.${index}`;
    const attention = { kind: 'attention', dtype: 'BF16' } as const;
    const forward = { kind: 'feed-forward', dtype: 'BF16' } as const;
    return [
      ...['q_proj', 'k_proj', 'v_proj', 'o_proj'].map(part =>
        tensor(`${path}.self_attn.${part}.weight`, [512, 512], attention),
      ),
      tensor(`${path}.mlp.up_proj.weight`, [2048, 512], forward),
      tensor(`${path}.mlp.down_proj.weight`, [512, 2048], forward),
      tensor(`${path}.input_layernorm.weight`, [512]),
    ];
  };
  return [
    tensor('model.embed_tokens.weight', [8000, 512], { kind: 'embedding', dtype: 'BF16' }),
    ...Array.from({ length: layers }, (_, index) => block(index)).flat(),
    tensor('model.norm.weight', [512]),
    tensor('lm_head.weight', [8000, 512], {
      kind: 'head',
      dtype: 'BF16',
      tiedTo: 'model.embed_tokens.weight',
      bytes: 0,
    }),
    tensor('optimizer.state.0.exp_avg', [8000, 512], { role: 'optimizer', kind: null, prunable: false }),
  ];
}

export function opened(name: string, tensors: readonly TensorInfo[], changes: Partial<OpenedFile> = {}): OpenedFile {
  return {
    name,
    place: `models/${name}`,
    format: 'PyTorch (legacy pickle)',
    bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 4_096),
    tensorCount: tensors.length,
    metadata: [],
    notes: [],
    ...changes,
  };
}

/** Numbers that fit the tensor; the sparsity differs from tensor to tensor. */
export function statisticsOf(info: TensorInfo, seed: number): TensorStatistics {
  const random = new Random('statistics', seed);
  const sparsity = info.prunable ? [0, 0.612, 0.5, 0.873, 1][seed % 5]! : 0;
  const zeros = Math.round(info.count * sparsity);
  const spread = 0.02 + 0.2 * random.nextFloat();
  const middle = Math.round(Math.log2(spread)) + 24;
  const all = zeros === info.count;
  const [outputs = 1, inputs = 1] = info.shape;
  const dead = (total: number) => ({ dead: all ? total : Math.floor(total * sparsity * 0.1), total });
  const groups = Math.floor(info.count / 4);
  return {
    count: info.count,
    zeros,
    nans: 0,
    infinities: 0,
    minimum: info.count === 0 ? null : all ? 0 : -3 * spread,
    maximum: info.count === 0 ? null : all ? 0 : 2.9 * spread,
    mean: info.count === 0 ? null : all ? 0 : 0.001 * (random.nextFloat() - 0.5),
    std: info.count === 0 ? null : all ? 0 : spread,
    histogram: Array.from({ length: histogramBins }, (_, bin) =>
      all ? 0 : Math.round((info.count - zeros) * Math.exp(-((bin - middle) ** 2) / 4) * 0.3),
    ),
    deadOutputs: info.prunable ? dead(outputs) : null,
    deadInputs: info.prunable ? dead(inputs) : null,
    patterns:
      info.prunable && inputs % 4 === 0
        ? [
            { n: 2, m: 4, groups, compliant: sparsity >= 0.5 ? groups : Math.round(groups * sparsity) },
            { n: 4, m: 8, groups: groups / 2, compliant: Math.round((groups / 2) * sparsity) },
          ]
        : [],
    emptyBlocks:
      info.shape.length === 2
        ? { empty: Math.round((info.count / 16) * sparsity ** 4), total: Math.floor(info.count / 16) }
        : null,
  };
}

export function matrixOf({ shape }: TensorInfo): MatrixShape {
  const [rows = 1, inputs = 1, ...kernel] = shape.length > 1 ? shape : [1, ...shape];
  const kernelPositions = kernel.reduce((product, size) => product * size, 1);
  return { rows, columns: inputs * kernelPositions, kernelPositions };
}

/** The weight at a place: about two in three are 0, in stripes that can be seen. */
export function weightAt(row: number, column: number): number {
  const wave = Math.sin(row * 0.7) * Math.cos(column * 0.31);
  return Math.abs(wave) < 0.45 ? 0 : Number((0.4 * wave).toFixed(4));
}

export function tileOf(
  matrix: MatrixShape,
  region: MatrixRegion,
  cells: { readonly rows: number; readonly columns: number },
): Tile {
  const cellRows = Math.ceil(region.rows / cells.rows);
  const cellColumns = Math.ceil(region.columns / cells.columns);
  const rows = Math.ceil(region.rows / cellRows);
  const columns = Math.ceil(region.columns / cellColumns);
  const frame = { matrix, region, rows, columns, cellRows, cellColumns };
  const of = (make: (row: number, column: number) => number): Float32Array =>
    Float32Array.from({ length: rows * columns }, (_, index) =>
      make(region.row + Math.floor(index / columns) * cellRows, region.column + (index % columns) * cellColumns),
    );
  if (cellRows === 1 && cellColumns === 1) return { ...frame, cells: { kind: 'weights', values: of(weightAt) } };
  return {
    ...frame,
    cells: {
      kind: 'summary',
      maximum: of((row, column) => Math.abs(weightAt(row, column))),
      mean: of((row, column) => weightAt(row, column) / 2),
      zeroFraction: of((row, column) => (weightAt(row, column) === 0 ? 1 : 0.25)),
    },
  };
}

export function detailsOf(info: TensorInfo, statistics: TensorStatistics): TensorDetails {
  const matrix = matrixOf(info);
  const random = new Random('norms');
  const bins = 60;
  return {
    matrix,
    statistics,
    histogram: {
      first: statistics.minimum ?? -1,
      width: ((statistics.maximum ?? 1) - (statistics.minimum ?? -1)) / bins,
      counts: Array.from({ length: bins }, (_, bin) => Math.round(1000 * Math.exp(-((bin - 30) ** 2) / 90))),
    },
    rowNorms:
      matrix.rows > 1
        ? Float32Array.from({ length: matrix.rows }, (_, row) => (row % 9 === 4 ? 0 : 0.5 + random.nextFloat()))
        : null,
    rowZeros:
      matrix.rows > 1
        ? Uint32Array.from({ length: matrix.rows }, (_, row) => (row % 9 === 4 ? matrix.columns : row % matrix.columns))
        : null,
  };
}

export function pairsOf(tensors: readonly TensorInfo[]): ComparedTensors[] {
  return tensors
    .filter(info => info.role === 'weight')
    .map(info => ({
      name: info.name,
      left: info,
      right: { ...info, dtype: info.shape.length > 1 ? info.dtype : 'F16' },
    }));
}

export function comparisonOf({ left }: ComparedTensors, seed: number): TensorComparison {
  const { count, prunable } = left;
  const both = prunable ? Math.round(count * (0.2 + 0.1 * (seed % 5))) : count;
  const onlyLeft = prunable ? Math.round(count * 0.1) : 0;
  const onlyRight = prunable ? Math.round(count * 0.05) : 0;
  const [p, q] = [(both + onlyLeft) / count, (both + onlyRight) / count];
  return {
    count,
    keptInBoth: both,
    onlyLeft,
    onlyRight,
    neither: count - both - onlyLeft - onlyRight,
    signFlips: Math.round(both * 0.02),
    different: prunable ? Math.round(count * 0.6) : 0,
    distance: prunable ? 1.25 : 0,
    leftNorm: 5,
    rightNorm: 4.75,
    notFinite: 0,
    maskIou: both / (both + onlyLeft + onlyRight),
    chanceIou: (p * q) / (p + q - p * q),
  };
}

export function maskTileOf(
  matrix: MatrixShape,
  region: MatrixRegion,
  cells: { readonly rows: number; readonly columns: number },
): MaskTile {
  const { rows, columns, cellRows, cellColumns } = tileOf(matrix, region, cells);
  const whole = cellRows * cellColumns;
  const state = (index: number) => (Math.floor(index / columns) * 3 + (index % columns)) % 7;
  const of = (make: (state: number) => number) =>
    Uint32Array.from({ length: rows * columns }, (_, index) => Math.round(whole * make(state(index))));
  return {
    matrix,
    region,
    rows,
    columns,
    cellRows,
    cellColumns,
    both: of(value => (value < 3 ? 1 : 0)),
    onlyLeft: of(value => (value === 3 ? 1 : 0)),
    onlyRight: of(value => (value === 5 ? 1 : 0)),
  };
}
