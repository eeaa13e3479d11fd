/** Files that a page makes: handed to whoever can write them, the host or the browser. */
import type { SavedFile } from '../../src/shared/messages';

type Save = (file: SavedFile) => void;
let handler: Save | undefined;

/** Called once by a page that can save. */
export function onSave(save: Save): void {
  handler = save;
}

export function save(file: SavedFile): void {
  handler?.(file);
}

/** A name for a file of words: "lenet-mnist · test accuracy" → "lenet-mnist test accuracy". */
export function fileName(...words: readonly string[]): string {
  const plain = words
    .join(' ')
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, ' ');
  return plain.replace(/^[\s.]+|\s+$/g, '').slice(0, 100) || 'chart';
}
