/**
 * Takes out of a text what is a person's: paths, names of files, machine and account, and whatever is put in quotes, since
 * messages quote what they found in data. Rather too much than too little: the text is for strangers. Pure.
 */

export interface PrivateWords {
  /** Of the account. */
  readonly user: string;
  readonly host: string;
  /** Names of experiments, models, layers and classes: as words of their own, whatever their case. */
  readonly names: readonly string[];
}

/** Whether a word is this program's own, such as a field of the experiment file: it may stand in quotes. */
export type IsOwnWord = (word: string) => boolean;

/** No more of a text is kept: some rules look ahead to the end of the line from every place in it. */
const longestText = 2_000;

/**
 * What follows the beginning of a path: up to the last separator of the line, since folders have spaces, commas and colons
 * in their names, and then to where a name can end in a sentence.
 */
const rest = String.raw`(?:[^\n"'\x60<>|]*[\\/])?[^\n"'\x60<>|]*?(?=$|[\n"'\x60<>|]|[:;,)](?:\s|$)|\s\(|\.\s|\.$)`;
const begins = [
  // C:\ and C:/
  String.raw`(?<![\p{L}\p{N}])[A-Za-z]:[\\/]`,
  // \\server\share, //server/share and /folder
  String.raw`\\\\(?=\S)`,
  String.raw`(?<![\p{L}\p{N}])/(?=[^\s])`,
  // ~/, ~name/, $HOME/, %USERPROFILE%\, ./ and ../
  String.raw`(?<![\p{L}\p{N}])~[\p{L}\p{N}._-]*[\\/]`,
  String.raw`(?:\$\{?\w+\}?|%\w+%)[\\/]`,
  String.raw`(?<![\p{L}\p{N}.])\.{1,2}[\\/]`,
];
const paths = new RegExp(`(?:${begins.join('|')})${rest}`, 'gmu');

const quoted = /(?:"((?:\\.|[^"\\\n])*)"|“([^”\n]*)”|`([^`\n]*)`|(?<![\p{L}\p{N}])'([^'\n]*)'(?!\p{L}))/gu;
const addresses = [
  // of any kind: those of files and of remote windows too
  /\b[a-z][a-z0-9+.-]+:\/\/[^\s"'`<>]*/gi,
  /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g,
  /\b(?:\d{1,3}\.){3}\d{1,3}\b/g,
  /(?<![\p{L}\p{N}:])(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?)(?![\p{L}\p{N}:])/giu,
];
const withSeparator = /[^\s"'`<>()\\/]+[\\/][^\s"'`<>()]*/gu;
const noPath = /^(?:[\d.,]*(?:steps|examples|runs|bytes|[kMG]i?B)\/s|and\/or|I\/O)[.,;:]?$/;
const withExtension =
  /[^\s"'`<>()\\/:,;]*[\p{L}\p{N}_-]\.[a-z][a-z0-9_]{0,15}(?:\.[a-z0-9_]{1,15})*(?![\p{L}\p{N}])/giu;

export function redactor({ user, host, names }: PrivateWords, isOwnWord: IsOwnWord): (text: string) => string {
  const known = [
    [wordsOf([host, host.split('.')[0]!]), '<host>'],
    [wordsOf([user]), '<user>'],
    [wordsOf(names), '<name>'],
  ] as const;
  return text => {
    let left = text.slice(0, longestText);
    for (const pattern of addresses.slice(0, 2)) left = left.replace(pattern, '<address>');
    left = left.replace(quoted, (whole, ...inner: (string | undefined)[]) => {
      const words = inner.slice(0, 4).find(one => typeof one === 'string') ?? '';
      return isOwnWord(words) ? whole : `${whole[0]!}<text>${whole.at(-1)!}`;
    });
    left = left.replace(paths, '<path>');
    left = left.replace(withSeparator, word => (noPath.test(word) ? word : '<path>'));
    left = left.replace(withExtension, word => (isOwnWord(word) ? word : '<file>'));
    for (const pattern of addresses.slice(2)) left = left.replace(pattern, '<address>');
    for (const [pattern, instead] of known) left = pattern ? left.replace(pattern, instead) : left;
    return left;
  };
}

/** Null where none is worth it: one of a single letter, or a number, says nothing about anybody and would tear every text. */
function wordsOf(words: readonly string[]): RegExp | null {
  const worth = [...new Set(words)].filter(word => word.length > 1 && !/^[\d\s.,%+-]*$/.test(word));
  if (worth.length === 0) return null;
  // the longest first: one may begin with another
  const any = worth.sort((a, b) => b.length - a.length).map(word => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${any.join('|')})(?![\\p{L}\\p{N}_])`, 'giu');
}
