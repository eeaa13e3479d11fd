/** Models and data as a person reads of them in lists, messages and the preview. Pure. */
import type { DataConfig } from '../shared/dataConfig';
import type { DataDescription, ExampleShape, ModelDescription } from '../shared/describeMessages';
import { formatCount, plural } from '../shared/format';

export const formatNames: Readonly<Record<DataConfig['format'], string>> = {
  idx: 'MNIST files',
  cifar10: 'CIFAR-10 files',
  cifar100: 'CIFAR-100 files',
  digits: 'built-in digits',
  npz: 'NumPy archive',
  npy: 'NumPy arrays',
  safetensors: 'safetensors',
  csv: 'table',
  images: 'folders of images',
  parquet: 'Parquet',
};

/** "28×28 grey images", "4 numbers", "5×4 numbers". */
export function shapeInWords(shape: readonly number[]): string {
  const [height, width, channels] = shape;
  if (shape.length === 3 && (channels === 1 || channels === 3)) {
    return `${height!}×${width!} ${channels === 1 ? 'grey' : 'colour'} images`;
  }
  return shape.length === 1 ? plural(shape[0]!, 'number') : `${shape.join('×')} numbers`;
}

/** Classes, or columns to predict. */
export function outputsInWords({ data, task }: Pick<DataDescription, 'data' | 'task'>): string {
  return task === 'regression'
    ? `${plural(data.classes, 'number')} to predict`
    : plural(data.classes, 'class', 'classes');
}

/** "28×28 grey images · 10 classes · 60,000 to train on, 10,000 to test on". */
export function dataInWords(description: DataDescription): string {
  const { data, training, test, exact } = description;
  const about = exact ? '' : 'about ';
  const counts =
    test === null
      ? `${about}${plural(training, 'example')}`
      : `${about}${formatCount(training)} to train on, ${formatCount(test)} to test on`;
  return [shapeInWords(data.inputShape), outputsInWords(description), counts].join(' · ');
}

/** "3 convolutions, 2 dense layers; 54,344 prunable weights". */
export function modelInWords({ layers, prunable }: Pick<ModelDescription, 'layers' | 'prunable'>): string {
  return `${layers}; ${plural(prunable, 'prunable weight')}`;
}

/** What a model takes: "28×28 grey images, 10 classes". */
export function takesInWords({ data, fixedShape }: Pick<ModelDescription, 'data' | 'fixedShape'>): string {
  return `${fixedShape ? '' : 'e.g. '}${targetInWords(data)}`;
}

const targetInWords = ({ inputShape, classes }: ExampleShape): string =>
  `${shapeInWords(inputShape)}, ${plural(classes, 'output')}`;
