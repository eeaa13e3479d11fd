import { describe, expect, it } from 'vitest';
import { experimentJsonSchema } from '../../../src/shared/schema';

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly const?: unknown;
  readonly description?: string;
  readonly additionalProperties?: boolean;
  readonly oneOf?: readonly Node[];
  readonly anyOf?: readonly Node[];
}

const schema = experimentJsonSchema() as Node;
const at = (...path: readonly string[]): Node => path.reduce<Node>((node, name) => node.properties![name]!, schema);

describe('the schema that editors complete from', () => {
  it('requires only name, model and data, and allows comments', () => {
    expect(schema.required).toEqual(['name', 'model', 'data']);
    expect(schema).toMatchObject({ allowComments: true, allowTrailingCommas: true, additionalProperties: false });
  });

  it.each([
    ['training', 'labelSmoothing'],
    ['training', 'clipNorm'],
    ['training', 'averageDecay'],
    ['training', 'earlyStopping'],
    ['training', 'earlyStopping', 'patience'],
    ['training', 'augmentation'],
    ['training', 'augmentation', 'crop'],
    ['training', 'augmentation', 'flip'],
    ['pruning', 'convolutionRate'],
  ])('describes %s.%s', (...path) => {
    expect(at(...path.filter(Boolean)).description).toMatch(/\w.*\.$/);
  });

  it('knows every data format', () => {
    const data = at('data');
    const formats = (data.oneOf ?? data.anyOf)!.map(({ properties }) => properties!['format']!.const);
    const known = 'idx cifar10 cifar100 digits npz safetensors npy csv images parquet';
    expect(formats).toEqual(known.split(' '));
  });
});
