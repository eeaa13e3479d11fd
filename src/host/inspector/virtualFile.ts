/** Files that are not on this machine's disk: what can be read of them, and words for what cannot. Pure. */
import { formatBytes } from '../../shared/format';

/** Such a file lies in the memory of two processes while it is open. */
export const mostVirtualBytes = 2 ** 28;

/** What begins a Git LFS pointer: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
const pointer = /^version https:\/\/git-lfs\.github\.com\/spec\/[^\n]*\n/;
/** Pointers are shorter by the same specification. */
const mostPointerBytes = 1024;

export function tooLarge(name: string, scheme: string, bytes: number): string {
  return (
    `${name} has ${formatBytes(bytes)} and lies on a virtual file system (${scheme}), where a file must be read whole: ` +
    `up to ${formatBytes(mostVirtualBytes)} is. Copy it to a folder on this machine ("Download…" in the explorer, or a clone) and open the copy.`
  );
}

export function missing(name: string, scheme: string): string {
  return scheme === 'git'
    ? `${name} is not there in this revision: it was added later, renamed or deleted, or git ignores it. The other side shows what there is.`
    : `${name} is not there any more on its file system (${scheme}).`;
}

/** Null where the bytes are no pointer. */
export function lfsPointer(name: string, scheme: string, bytes: Uint8Array): string | null {
  if (bytes.length > mostPointerBytes) return null;
  const text = new TextDecoder().decode(bytes);
  if (!pointer.test(text)) return null;
  const size = Number(/^size (\d+)$/m.exec(text)?.[1] ?? NaN);
  const what = Number.isFinite(size) ? `of ${formatBytes(size)} ` : '';
  const remedy =
    scheme === 'git'
      ? 'Check this revision out (git worktree add) with Git LFS and open it there.'
      : 'Fetch it with `git lfs pull` where the repository is cloned, and open it there.';
  return `${name} is a Git LFS pointer here: the file ${what}itself is kept elsewhere. ${remedy}`;
}
