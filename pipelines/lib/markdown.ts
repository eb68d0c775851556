/** Plain words as Markdown: what would be read as a tag or as the end of a cell is escaped. */
export function markdown(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('|', '\\|').replaceAll('*', '\\*');
}

/** Words as code, between more backticks than they have themselves. */
export function code(text: string): string {
  const fence = '`'.repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length)) + 1);
  const space = fence.length > 1 ? ' ' : '';
  return `${fence}${space}${text}${space}${fence}`;
}

// Wider cells, as the type of a struct, stick out; the rest stays in line for those who read it in an editor.
const fitting = (width: number) => (width > 64 ? 0 : width);

/** A table of cells that are Markdown already, in line as far as their last column, which is left as wide as it is. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((_, index) =>
    index === header.length - 1
      ? 3
      : Math.max(3, ...[header, ...rows].map((row) => fitting(row[index]?.length ?? 0))),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, index) => (cells[index] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
