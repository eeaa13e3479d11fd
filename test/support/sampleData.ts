/** Data sets as the describing child tells of them, for the page that shows them. */
import { PNG } from 'pngjs';
import type { DataDescription } from '../../src/shared/describeMessages';
import type { PreviewState } from '../../src/shared/previewMessages';

/** Stripes whose width tells the class. */
function picture(label: number, side = 28): string {
  const png = new PNG({ width: side, height: side });
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const grey = Math.floor((x + y) / (label + 2)) % 2 === 0 ? 230 : 20 + 10 * label;
      png.data.set([grey, grey, grey, 255], 4 * (y * side + x));
    }
  }
  return `data:image/png;base64,${PNG.sync.write(png).toString('base64')}`;
}

const images: DataDescription = {
  config: { format: 'idx', directory: 'mnist' },
  data: { inputShape: [28, 28, 1], classes: 10 },
  task: 'classification',
  training: 60_000,
  test: 10_000,
  exact: true,
  splits: { training: 54_000, validation: 6_000, test: 10_000 },
  classNames: null,
  classCounts: [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
  counted: 60_000,
  notes: [],
  sample: {
    kind: 'images',
    images: Array.from({ length: 30 }, (_, i) => ({
      label: String(Math.floor(i / 3)),
      picture: picture(Math.floor(i / 3)),
    })),
  },
};

const table: DataDescription = {
  config: { format: 'csv', file: 'iris.csv', ignore: ['id'] },
  data: { inputShape: [4], classes: 3 },
  task: 'classification',
  training: 150,
  test: null,
  exact: true,
  splits: { training: 108, validation: 12, test: 30 },
  classNames: ['setosa', 'versicolor', 'virginica'],
  classCounts: [50, 50, 50],
  counted: 150,
  notes: ['Left out, since they hold text or gaps: "id".'],
  sample: {
    kind: 'table',
    columns: ['sepal length', 'sepal width', 'petal length', 'petal width'],
    rows: [
      { label: 'setosa', values: ['5.10', '3.50', '1.40', '0.200'] },
      { label: 'versicolor', values: ['7', '3.20', '4.70', '1.40'] },
      { label: 'virginica', values: ['6.30', '3.30', '6', '2.50'] },
    ],
    columnCount: 4,
  },
};

export const samplePreviews = {
  images: {
    name: 'mnist',
    facts: 'MNIST files · 28×28 grey images · 10 classes · 60,000 to train on, 10,000 to test on',
    data: images,
    model: { name: 'net.keras', facts: ['Keras (.keras)', '3 convolutions, 2 dense layers; 54,344 prunable weights'] },
    others: true,
  },
  table: {
    name: 'iris.csv',
    facts: 'table · 4 numbers · 3 classes · 150 examples',
    data: table,
    model: null,
    others: false,
  },
} satisfies Readonly<Record<string, PreviewState>>;
