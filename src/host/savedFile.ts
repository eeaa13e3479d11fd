/** A file that a page has made, checked before it is written: a page can send anything. */
import * as z from 'zod';
import { savedKinds, type SavedFile } from '../shared/messages';
import { notReserved } from '../shared/names';

/** A confusion matrix of 200 classes comes to some 6 MB of SVG. */
const mostCharacters = 64 * 1024 * 1024;

/** A plain name: no folders, no hidden files. */
const namePattern = /^[A-Za-z0-9_-](?:[A-Za-z0-9 ._-]{0,98}[A-Za-z0-9_-])?$/;

const begins: Readonly<Record<SavedFile['kind'], RegExp>> = {
  svg: /^<svg /,
  // the signature of a PNG, in base64
  png: /^iVBORw0KGgo[A-Za-z0-9+/]*={0,2}$/,
  csv: /^/,
};

export const savedFileSchema = z
  .object({
    name: z.string().regex(namePattern, 'must be a plain file name').regex(notReserved, 'must be no device of Windows'),
    kind: z.enum(savedKinds),
    content: z.string().max(mostCharacters),
  })
  .refine(({ kind, content }) => begins[kind].test(content), 'is not of the kind that it says');

export function savedBytes({ kind, content }: SavedFile): Uint8Array {
  return Buffer.from(content, kind === 'png' ? 'base64' : 'utf8');
}
