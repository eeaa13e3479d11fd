/** Which files are models to train, by name. The same endings stand in package.json; a test holds them together. Pure. */

/** Those that the readers of src/models know, but for `model.json` and PyTorch's `.bin`, which others use too. */
export const modelEndings = [
  'keras',
  'h5',
  'hdf5',
  'onnx',
  'pt',
  'pth',
  'pth.tar',
  'th',
  'ckpt',
  'safetensors',
] as const;

/** As package.json has it in its when-clauses: names of files that are models without being asked about. */
export const modelName = new RegExp(
  `\\.(${modelEndings.map(ending => ending.replace('.', '\\.')).join('|')})$|(^|[/.-])model\\.json$|pytorch[^/]*\\.bin$`,
  'i',
);

/** @param path with forward slashes */
export const isModelFile = (path: string): boolean => modelName.test(path);

/** For searches in the window's folders. */
export const modelPattern = `**/{*model.json,*pytorch*.bin,${modelEndings.map(ending => `*.${ending}`).join(',')}}`;

/** For the dialog that opens one; there a `.bin` or `.json` was chosen on purpose. */
export const modelFilters: Readonly<Record<string, string[]>> = {
  Models: ['json', 'bin', 'tar', ...modelEndings.filter(ending => !ending.includes('.'))],
  'All files': ['*'],
};

/** What cannot be read is better named at once than after the questions. */
export function whyNotHere(scheme: string, path: string): string | null {
  if (scheme === 'file') return null;
  return (
    `${path} lies on a virtual file system (${scheme}:), and training runs in a process of its own, which reads files of the ` +
    'machine that it runs on only. Clone or download it into a folder there, open that folder and run the command again.'
  );
}
