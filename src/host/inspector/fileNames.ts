/** Which files the inspector is for, by name. The same endings stand in package.json; a test holds them together. */

/** Nobody else owns these: the inspector opens them. */
export const ownEndings = [
  'safetensors',
  'pt',
  'pth',
  'pth.tar',
  'th',
  'ckpt',
  'h5',
  'hdf5',
  'keras',
  'onnx',
  'gguf',
  'npy',
  'npz',
] as const;

/** Others use these too: the inspector is offered. */
export const sharedPatterns = ['*.bin', '*.pkl', '*.index.json', '*model.json', '*-weights_manifest.json'] as const;

const own = new RegExp(`\\.(${ownEndings.map(ending => ending.replace('.', '\\.')).join('|')})$`, 'i');

/** @param path of the file, with forward slashes */
export function isOwnFile(path: string): boolean {
  return own.test(path);
}

/** For searches in the window's folders. */
export const searchPattern = `**/{${[...ownEndings.map(ending => `*.${ending}`), ...sharedPatterns].join(',')}}`;
