/** From the address of a file to what the inspector can open. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { InspectorSource } from '../../shared/inspectorMessages';
import type { Subject } from './session';
import { lfsPointer, missing, mostVirtualBytes, tooLarge } from './virtualFile';

/** @param called what it is to a person, where its file name does not say it */
export function subjectOf(uri: vscode.Uri, called?: string): Subject {
  const file = path.posix.basename(uri.path);
  const name = called ?? file;
  const relative = vscode.workspace.asRelativePath(uri);
  return {
    name,
    place: uri.scheme === 'file' ? relative : `${relative} (${uri.scheme})`,
    source: () => (uri.scheme === 'file' ? Promise.resolve({ path: uri.fsPath }) : readVirtual(uri, file)),
  };
}

/** Shards and external data beside it cannot be reached: the process is told of one file. */
async function readVirtual(uri: vscode.Uri, name: string): Promise<InspectorSource> {
  let size: number;
  let changed: number;
  let bytes: Uint8Array;
  try {
    ({ size, mtime: changed } = await vscode.workspace.fs.stat(uri));
    if (size > mostVirtualBytes) throw new Error(tooLarge(name, uri.scheme, size));
    bytes = await vscode.workspace.fs.readFile(uri);
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') {
      throw new Error(missing(name, uri.scheme), { cause: error });
    }
    throw error;
  }
  // git answers for a file that a revision lacks with nothing
  if (bytes.length === 0 && uri.scheme === 'git') throw new Error(missing(name, uri.scheme));
  if (bytes.length > mostVirtualBytes) throw new Error(tooLarge(name, uri.scheme, bytes.length));
  const refused = lfsPointer(name, uri.scheme, bytes);
  if (refused !== null) throw new Error(refused);
  // a plain array: what file systems hand out may be a window of a larger buffer, or of another kind
  return { name, identity: `${uri.toString()}:${size}:${changed}`, bytes: new Uint8Array(bytes) };
}
