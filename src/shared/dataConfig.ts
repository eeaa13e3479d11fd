/** The `data` of an experiment file: one member a format. */
import * as z from 'zod';

const validation = z
  .int()
  .min(0)
  .optional()
  .describe(
    'Training examples held back; left out: one tenth, or the validation data of the files where they have some.',
  );

const positive = z.number().positive();
/** Features of an example, each with numbers of its own. */
const mostInputs = 1_000_000;
/** No path and no name is longer; messages hold this too. */
const words = z.string().min(1).max(4096, 'may have 4096 characters at most');
const perChannel = {
  mean: z
    .union([z.number(), z.array(z.number()).min(1).max(mostInputs)])
    .optional()
    .describe(
      'Per channel of images (pixels from 0 to 1), per feature of vectors; left out: from the training data alone.',
    ),
  std: z
    .union([positive, z.array(positive).min(1).max(mostInputs)])
    .optional()
    .describe('Per channel, or per feature; left out: from the training data alone.'),
};

/** For formats whose files may be larger than memory. */
const common = {
  validation,
  memory: z
    .int()
    .min(0)
    .optional()
    .describe(
      'MiB of inputs held in memory at most: more is read from files while training, with the same results. Left out: an eighth of the memory, 1024 at most.',
    ),
  ...perChannel,
};

/** For formats that may come without test data. */
const testShare = z
  .number()
  .gt(0)
  .lt(1)
  .optional()
  .describe('Where there are no test data: share of the examples held out for testing; 0.2 if left out.');

const channels = z
  .enum(['first', 'last'])
  .optional()
  .describe(
    'Which axis of N×A×B×C arrays holds the channels; left out: the last, unless only the first is short (up to 4).',
  );

const directory = (content: string): z.ZodString => words.describe(`Folder with ${content}; relative to this file.`);
const file = (content: string): z.ZodString => words.describe(`${content}; relative to this file.`);
const tensorName = (content: string): z.ZodString => words.describe(`Name of the tensor with ${content}.`);
const arrayName = (content: string): z.ZodString => words.describe(`Name of the array with ${content}.`);

const side = z.int().min(1).max(4096);
const column = z.union([words, z.int().min(0)]);

const inputs = 'inputs: N×features, N×height×width, or with channels';
const labels = 'labels: N class numbers from 0, or one-hot; or numbers to predict, N or N×targets';

/** For formats whose labels may be either. */
const task = z
  .enum(['classification', 'regression'])
  .optional()
  .describe(
    'Whether labels are classes, or numbers to predict with the loss "mean-squared-error"; left out: numbers where that is the loss and some label has a fraction, else classes.',
  );

export const dataSchema = z.discriminatedUnion('format', [
  z.strictObject({
    format: z.literal('idx'),
    directory: directory('the four MNIST file names, plain or .gz'),
    ...common,
  }),
  z.strictObject({
    format: z.literal('cifar10'),
    directory: directory('data_batch_*.bin and test_batch*.bin of CIFAR-10 (binary version), plain or .gz'),
    ...common,
  }),
  z.strictObject({
    format: z.literal('cifar100'),
    directory: directory('train.bin and test.bin of CIFAR-100 (binary version), plain or .gz'),
    labels: z.enum(['fine', 'coarse']).default('fine').describe('The 100 fine classes, or the 20 coarse ones.'),
    ...common,
  }),
  z.strictObject({
    format: z.literal('digits'),
    training: z.int().min(10).max(1_000_000).default(10_000),
    test: z.int().min(10).max(1_000_000).default(2_000),
    validation,
    ...perChannel,
  }),
  z.strictObject({
    format: z.literal('npz'),
    file: file('A .npz archive of NumPy'),
    arrays: z
      .strictObject({
        trainingInputs: arrayName(inputs),
        trainingLabels: arrayName(labels),
        testInputs: arrayName('test inputs').optional(),
        testLabels: arrayName('test labels').optional(),
      })
      .optional()
      .describe(
        'Names of the arrays; left out: x_train, y_train, x_test, y_test as in the files of Keras, or other usual names.',
      ),
    task,
    channels,
    testShare,
    ...common,
  }),
  z.strictObject({
    format: z.literal('safetensors'),
    file: file('A .safetensors file'),
    tensors: z
      .strictObject({
        trainingInputs: tensorName(inputs),
        trainingLabels: tensorName(labels),
        testInputs: tensorName('test inputs').optional(),
        testLabels: tensorName('test labels').optional(),
      })
      .optional()
      .describe('Names of the tensors; left out: x_train, y_train, x_test, y_test, or other usual names as for npz.'),
    task,
    channels,
    testShare,
    ...common,
  }),
  z.strictObject({
    format: z.literal('npy'),
    files: z
      .strictObject({
        trainingInputs: file(`A .npy file of ${inputs}`),
        trainingLabels: file(`A .npy file of ${labels}`),
        testInputs: file('A .npy file of test inputs').optional(),
        testLabels: file('A .npy file of test labels').optional(),
      })
      .describe('One .npy file for each array.'),
    task,
    channels,
    testShare,
    ...common,
  }),
  z.strictObject({
    format: z.literal('csv'),
    file: file('A table with one example a line, plain or .gz'),
    testFile: file('A table of the same columns to test on').optional(),
    label: column
      .optional()
      .describe(
        'Column with the classes, by name or number (from 0); left out: the one called label, class, target or y, else the last.',
      ),
    targets: z
      .array(column)
      .min(1)
      .max(65_536)
      .optional()
      .describe('Columns with numbers to predict, by name or number (from 0), instead of "label".'),
    task,
    ignore: z
      .array(column)
      .max(65_536)
      .default([])
      .describe('Columns left out, by name or number (from 0), e.g. identifiers.'),
    header: z
      .boolean()
      .optional()
      .describe('Whether the first line holds names; left out: told by text above numbers.'),
    delimiter: z
      .string()
      .length(1)
      .optional()
      .describe('What stands between fields; left out: comma, semicolon or tab, whichever the first line has most of.'),
    shape: z
      .array(z.int().min(1).max(65_536))
      .min(1)
      .max(3)
      .optional()
      .describe('Shape of an example, e.g. [28, 28, 1] where columns are pixels; left out: a vector.'),
    testShare,
    validation,
    ...perChannel,
  }),
  z.strictObject({
    format: z.literal('images'),
    directory: directory(
      'train/ and test/, each with a folder of PNG or JPEG files a class, or with such folders itself',
    ),
    size: z
      .union([side, z.tuple([side, side])])
      .describe('Pixels that every image is brought to: a side, or [height, width].'),
    colour: z.enum(['rgb', 'grey']).default('rgb'),
    testShare,
    ...common,
  }),
  z.strictObject({
    format: z.literal('parquet'),
    path: z
      .string()
      .min(1)
      .describe(
        'A folder with train*.parquet and test*.parquet or validation*.parquet, as the Hugging Face hub stores data sets, or one .parquet file; relative to this file.',
      ),
    image: words
      .optional()
      .describe('Column with PNG or JPEG images; left out: image or img where there is one, else columns of numbers.'),
    label: words
      .optional()
      .describe('Column with the classes; left out: label, labels, fine_label, class, target or y.'),
    ignore: z.array(words).max(65_536).default([]).describe('Columns of numbers left out, e.g. identifiers.'),
    size: z
      .union([side, z.tuple([side, side])])
      .optional()
      .describe('Pixels that every image is brought to: a side, or [height, width]; left out: as the first image.'),
    colour: z.enum(['rgb', 'grey']).default('rgb'),
    testShare,
    ...common,
  }),
]);
export type DataConfig = z.infer<typeof dataSchema>;
