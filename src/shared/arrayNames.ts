/**
 * Names of arrays that belong together: training inputs, training labels, test inputs, test labels. Keras' names,
 * MedMNIST's, and what people write. Test arrays may be missing.
 */
export const usualArrayNames: readonly (readonly [string, string, string, string])[] = [
  ['x_train', 'y_train', 'x_test', 'y_test'],
  ['X_train', 'y_train', 'X_test', 'y_test'],
  ['train_images', 'train_labels', 'test_images', 'test_labels'],
  ['train_x', 'train_y', 'test_x', 'test_y'],
  ['x', 'y', 'x_test', 'y_test'],
  ['X', 'y', 'X_test', 'y_test'],
  ['images', 'labels', 'test_images', 'test_labels'],
  ['data', 'labels', 'test_data', 'test_labels'],
  ['data', 'target', 'test_data', 'test_target'],
];
