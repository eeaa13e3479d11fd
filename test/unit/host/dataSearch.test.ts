import { describe, expect, it } from 'vitest';
import { dataIn, placeOf, withPaths, writtenFrom } from '../../../src/host/dataSearch';
import { dataSchema, type DataConfig } from '../../../src/shared/dataConfig';

describe('data among files', () => {
  it.each<[string, string[], DataConfig[]]>([
    ['MNIST', ['/w/m/train-images-idx3-ubyte.gz'], [{ format: 'idx', directory: '/w/m' }]],
    ['CIFAR-10', ['/w/c/data_batch_1.bin', '/w/c/data_batch_2.bin'], [{ format: 'cifar10', directory: '/w/c' }]],
    [
      'CIFAR-100',
      ['/w/c/train.bin', '/w/c/test.bin', '/w/d/train.bin'],
      [{ format: 'cifar100', directory: '/w/c', labels: 'fine' }],
    ],
    ['an archive of arrays', ['/w/a.npz'], [{ format: 'npz', file: '/w/a.npz' }]],
    [
      'arrays that belong together',
      ['/w/x.npy', '/w/y.npy', '/w/x_test.npy', '/w/z.npy'],
      [{ format: 'npy', files: { trainingInputs: '/w/x.npy', trainingLabels: '/w/y.npy' } }],
    ],
    [
      'tables, the one to test on with its own',
      ['/w/iris_train.csv', '/w/iris_test.csv', '/w/wine.tsv.gz'],
      [
        { format: 'csv', file: '/w/iris_train.csv', testFile: '/w/iris_test.csv', ignore: [] },
        { format: 'csv', file: '/w/wine.tsv.gz', ignore: [] },
      ],
    ],
    [
      'splits in Parquet, and a file by itself',
      ['/w/hub/data/train-0.parquet', '/w/hub/data/test-0.parquet', '/w/one.parquet'],
      [
        { format: 'parquet', path: '/w/one.parquet', ignore: [], colour: 'rgb' },
        { format: 'parquet', path: '/w/hub/data', ignore: [], colour: 'rgb' },
      ],
    ],
    ['weights are no data', ['/w/model.safetensors', '/w/resnet.pt'], []],
    [
      'data in safetensors says so',
      ['/w/mnist.safetensors'],
      [{ format: 'safetensors', file: '/w/mnist.safetensors' }],
    ],
  ])('%s', (_, files, found) => {
    expect(dataIn(files)).toEqual(found);
  });

  const images = (folder: string, count = 10) => Array.from({ length: count }, (_, i) => `${folder}/${i}.jpg`);

  it('folders of images are classes, under train/ too; icons and single folders are none', () => {
    const found = (files: readonly string[]) => dataIn(files).map(placeOf);
    expect(found([...images('/w/pets/cat'), ...images('/w/pets/dog')])).toEqual(['/w/pets']);
    expect(
      found([...images('/w/pets/train/cat'), ...images('/w/pets/train/dog'), ...images('/w/pets/test/cat')]),
    ).toEqual(['/w/pets']);
    expect(found(images('/w/photos'))).toEqual([]);
    expect(found([...images('/w/media/dark', 2), ...images('/w/media/light', 2)])).toEqual([]);
  });

  it('what is found first lies least deep', () => {
    expect(dataIn(['/w/a/b/deep.npz', '/w/top.npz']).map(placeOf)).toEqual(['/w/top.npz', '/w/a/b/deep.npz']);
  });
});

it('every path is written relative to the experiment, and what is written is valid', () => {
  const all = dataIn([
    '/w/data/train-images-idx3-ubyte',
    '/w/data/x_train.npy',
    '/w/data/y_train.npy',
    '/w/data/x_test.npy',
    '/w/data/y_test.npy',
    '/w/data/train.csv',
    '/w/data/test.csv',
    '/w/data/train.parquet',
    '/w/data/a.npz',
    '/w/data/train.safetensors',
  ]);
  expect(all).toHaveLength(6);
  for (const config of all) {
    const written = withPaths(config, writtenFrom('/w/models'));
    expect(dataSchema.parse(written)).toEqual(written);
    expect(JSON.stringify(written)).not.toContain('"/w');
    expect(placeOf(written)).toMatch(/^\.\.\/data/);
  }
  expect(writtenFrom('/w/data')('/w/data')).toBe('.');
});
