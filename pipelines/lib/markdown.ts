import { isFigure } from './progress.js';

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
  const cells = (index: number) => rows.map((row) => row[index] ?? '');
  const widths = header.map((name, index) =>
    index === header.length - 1
      ? 3
      : Math.max(3, ...[name, ...cells(index)].map(({ length }) => fitting(length))),
  );
  // Numbers and sizes stand right.
  const isNumber = header.map((_, index) => cells(index).every(isFigure));
  const line = (row: readonly string[]) => {
    const padded = widths.map((width, index) =>
      isNumber[index] ? (row[index] ?? '').padStart(width) : (row[index] ?? '').padEnd(width),
    );
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, index) => `${'-'.repeat(width - 1)}${isNumber[index] ? ':' : '-'}`);
  return [line(header), line(rule), ...rows.map(line)];
}
