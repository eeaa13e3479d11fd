import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { isModelFile, modelEndings, modelName, whyNotHere } from '../../../src/host/modelFiles';

interface Manifest {
  readonly contributes: {
    readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when?: string }[]>>;
  };
}
const { menus } = (JSON.parse(readFileSync(path.join(__dirname, '../../../package.json'), 'utf8')) as Manifest)
  .contributes;

it('models are told by their names', () => {
  for (const ending of modelEndings) expect(isModelFile(`/w/net.${ending.toUpperCase()}`), ending).toBe(true);
  for (const name of ['model.json', 'tfjs-model.json', 'pytorch_model.bin'])
    expect(isModelFile(`/w/${name}`)).toBe(true);
  // shards of weights, data and manifests are none
  for (const name of ['group1-shard1of1.bin', 'data_batch_1.bin', 'package.json', 'remodel.json', 'a.npz', 'a.gguf']) {
    expect(isModelFile(`/w/${name}`), name).toBe(false);
  }
});

it.each(['explorer/context', 'editor/context', 'editor/title', 'editor/title/context'])(
  '%s offers the command for the same names',
  menu => {
    const clauses = menus[menu]!.filter(({ command }) => command === 'winningTicket.find').map(({ when }) => when!);
    expect(clauses.some(when => when.includes(`resourceFilename =~ /${modelName.source}/i`))).toBe(true);
  },
);

it('a virtual file system is told why not, and what to do', () => {
  expect(whyNotHere('file', '/w/net.onnx')).toBeNull();
  expect(whyNotHere('vscode-vfs', 'net.onnx')).toMatch(
    /net\.onnx lies on a virtual file system \(vscode-vfs:\).*[Cc]lone/,
  );
});
