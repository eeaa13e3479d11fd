/** @returns a Markdown table, its columns padded to one width and numbers to the right */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map(row => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padStart(widths[column]!)).join(' | ')} |`;
  return [line(head), line(widths.map(width => `${'-'.repeat(width - 1)}:`)), ...rows.map(line)].join('\n');
}
