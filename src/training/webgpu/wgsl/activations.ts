/** Activations and their derivatives as WGSL; src/kernels/activation.ts is the same for the wasm executor. */
import type { Activation } from '../../plan/plan';
import { f32 } from './text';

export type Elementwise = Exclude<Activation, 'linear' | 'softmax'>;

export interface ElementwiseActivation {
  readonly name: Elementwise;
  /** Slope below 0 of leaky-relu, scale below 0 of elu. */
  readonly alpha: number;
}

interface Forms {
  /** f(x) */
  readonly value: (alpha: string) => string;
  /** dy · f′, of `s`: the output where `fromOutput`, else the input. */
  readonly gradient: (alpha: string) => string;
  readonly fromOutput: boolean;
}

// Klambauer et al. 2017, to the precision of their code
const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

const bell = 'expOfMinusSquare(x * 0.70710678118654752)';
const gate = 'sigmoid(1.5957691216057308 * (x + 0.044715 * (x * (x * x))))';
const relu6 = 'clamp(x, 0.0, 6.0)';

// comparisons are such that NaN stays NaN where the compiler lets it
const forms: Readonly<Record<Elementwise, Forms>> = {
  relu: {
    value: () => 'return select(x, 0.0, x <= 0.0);',
    gradient: () => 'return select(0.0, dy, s > 0.0);',
    fromOutput: true,
  },
  relu6: {
    value: () => 'return select(select(x, 0.0, x <= 0.0), 6.0, x > 6.0);',
    gradient: () => 'return select(0.0, dy, s > 0.0 && s < 6.0);',
    fromOutput: true,
  },
  'leaky-relu': {
    value: alpha => `return select(x * ${alpha}, x, x > 0.0);`,
    gradient: alpha => `return select(dy * ${alpha}, dy, s > 0.0);`,
    fromOutput: true,
  },
  elu: {
    value: alpha => `return select(${alpha} * exponentialMinusOne(x), x, x > 0.0);`,
    gradient: alpha => `return select(dy * (s + ${alpha}), dy, s > 0.0);`,
    fromOutput: true,
  },
  selu: {
    value: () => `return ${f32(seluScale)} * select(${f32(seluAlpha)} * exponentialMinusOne(x), x, x > 0.0);`,
    gradient: () => `return dy * select(s + ${f32(seluScale * seluAlpha)}, ${f32(seluScale)}, s > 0.0);`,
    fromOutput: true,
  },
  tanh: {
    value: () => 'return hyperbolicTangent(x);',
    gradient: () => 'return dy * (1.0 - s * s);',
    fromOutput: true,
  },
  sigmoid: {
    value: () => 'return sigmoid(x);',
    gradient: () => 'return dy * (s * (1.0 - s));',
    fromOutput: true,
  },
  'hard-sigmoid': {
    value: () => 'return clamp(x + 3.0, 0.0, 6.0) / 6.0;',
    gradient: () => 'return select(0.0, dy / 6.0, s > 0.0 && s < 1.0);',
    fromOutput: true,
  },
  gelu: {
    value: () => `return x * normalBelow(x, ${bell});`,
    gradient: () => `let x = s;
  let e = ${bell};
  return dy * (normalBelow(x, e) + x * (0.3989422804014327 * e));`,
    fromOutput: false,
  },
  'gelu-tanh': {
    value: () => `return x * ${gate};`,
    gradient: () => `let x = s;
  let g = ${gate};
  let slope = 1.5957691216057308 + 0.2140644488385727 * (x * x);
  return dy * (g + x * slope * (g * (1.0 - g)));`,
    fromOutput: false,
  },
  swish: {
    value: () => 'return x * sigmoid(x);',
    gradient: () => `let g = sigmoid(s);
  return dy * (g * (1.0 + s * (1.0 - g)));`,
    fromOutput: false,
  },
  'hard-swish': {
    value: () => 'return x * clamp(x + 3.0, 0.0, 6.0) / 6.0;',
    gradient: () => `let x = s + 3.0;
  return dy * (${relu6} + select(0.0, s, x > 0.0 && x < 6.0)) / 6.0;`,
    fromOutput: false,
  },
};

/** Whether the derivative is told from the output, so that the activation can be the end of the op before it. */
export function isToldFromOutput(name: Elementwise): boolean {
  return forms[name].fromOutput;
}

/** `fn activate(x: f32) -> f32`; the identity where there is no activation. */
export function activate(activation: ElementwiseActivation | null): string {
  const body = activation ? forms[activation.name].value(f32(activation.alpha)) : 'return x;';
  return `fn activate(x: f32) -> f32 {
  ${body}
}`;
}

/** A function of that name from s (the output where isToldFromOutput, else the input) and dy to dy times the derivative. */
export function derivative({ name, alpha }: ElementwiseActivation, functionName: string): string {
  return `fn ${functionName}(s: f32, dy: f32) -> f32 {
  ${forms[name].gradient(f32(alpha))}
}`;
}
