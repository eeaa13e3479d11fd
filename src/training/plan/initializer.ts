/** Keras' initialisers, as configurations name them, turned into the plan's. */
import * as z from 'zod';
import { PlanError, type Initializer } from './plan';

const number = z.number();
const serialized = z.looseObject({ class_name: z.string(), config: z.looseObject({}).nullish() });
/** The plain name (`"glorot_uniform"`) or the serialised object. */
export const initializerJson = z.union([z.string(), serialized]);
export type InitializerJson = z.infer<typeof initializerJson>;

type Config = Readonly<Record<string, unknown>>;
type Scaling = Extract<Initializer, { kind: 'variance-scaling' }>;

const scaled = (scale: number, mode: Scaling['mode'], distribution: Scaling['distribution']) => (): Initializer => ({
  kind: 'variance-scaling',
  scale,
  mode,
  distribution,
});

/** By Keras' class name; defaults are Keras'. */
const initializers: Readonly<Record<string, (config: Config) => Initializer>> = {
  Zeros: () => ({ kind: 'constant', value: 0 }),
  Ones: () => ({ kind: 'constant', value: 1 }),
  Constant: config => ({ kind: 'constant', value: number.default(0).parse(config['value']) }),
  RandomNormal: config => gaussian(config, false),
  TruncatedNormal: config => gaussian(config, true),
  RandomUniform: config => ({
    kind: 'uniform',
    minimum: number.default(-0.05).parse(config['minval']),
    maximum: number.default(0.05).parse(config['maxval']),
  }),
  GlorotUniform: scaled(1, 'fan-avg', 'uniform'),
  GlorotNormal: scaled(1, 'fan-avg', 'truncated-normal'),
  HeUniform: scaled(2, 'fan-in', 'uniform'),
  HeNormal: scaled(2, 'fan-in', 'truncated-normal'),
  LecunUniform: scaled(1, 'fan-in', 'uniform'),
  LecunNormal: scaled(1, 'fan-in', 'truncated-normal'),
  Orthogonal: config => ({ kind: 'orthogonal', gain: number.default(1).parse(config['gain']) }),
  VarianceScaling: config => ({
    kind: 'variance-scaling',
    scale: number.positive().default(1).parse(config['scale']),
    mode: ({ fan_in: 'fan-in', fan_out: 'fan-out', fan_avg: 'fan-avg' } as const)[
      z.enum(['fan_in', 'fan_out', 'fan_avg']).default('fan_in').parse(config['mode'])
    ],
    // "normal" is Keras' old name of the truncated one
    distribution: (
      {
        normal: 'truncated-normal',
        truncated_normal: 'truncated-normal',
        untruncated_normal: 'normal',
        uniform: 'uniform',
      } as const
    )[
      z
        .enum(['normal', 'truncated_normal', 'untruncated_normal', 'uniform'])
        .default('truncated_normal')
        .parse(config['distribution'])
    ],
  }),
};

function gaussian(config: Config, truncated: boolean): Initializer {
  return {
    kind: 'normal',
    mean: number.default(0).parse(config['mean']),
    std: number.min(0).default(0.05).parse(config['stddev']),
    truncated,
  };
}

/** @throws PlanError that names the layer */
export function toInitializer(layer: string, json: InitializerJson): Initializer {
  const written = typeof json === 'string' ? json : json.class_name;
  // "glorot_uniform", "glorotUniform" and "GlorotUniform" are the same
  const name = written.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const make = Object.hasOwn(initializers, name) ? initializers[name] : undefined;
  if (make === undefined) {
    throw new PlanError(layer, `layer "${layer}": the initializer "${written}" is not covered by training plans yet`);
  }
  try {
    return make(typeof json === 'string' ? {} : (json.config ?? {}));
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    throw new PlanError(layer, `layer "${layer}": the initializer "${written}" is wrong: ${error.issues[0]!.message}`);
  }
}
