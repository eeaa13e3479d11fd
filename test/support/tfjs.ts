/** The backends of TensorFlow.js under test: the plain one always, TensorFlow itself where it is at hand. */
import { findModule, modulesVariable } from '../../src/job/modules';
import type { TfBackend } from '../../src/training/tfjs/namespace';
import { plainBackend } from '../../src/training/tfjs/plain';
import { nativeBackend } from '../../src/training/tfjs/probe';

function native(): TfBackend[] {
  const folder = findModule('@tensorflow/tfjs-node');
  if (folder !== null) return [nativeBackend('tensorflow', folder)];
  console.info(`nothing is tested on TensorFlow itself: ${modulesVariable} names no folder with @tensorflow/tfjs-node`);
  return [];
}

export const plain: TfBackend = plainBackend();
export const backends: readonly TfBackend[] = [plain, ...native()];
