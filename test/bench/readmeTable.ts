/** A Markdown table whose columns are as wide as their widest cell. */
export function markdownTable(header: readonly string[], cells: readonly (readonly string[])[]): string {
  const widths = header.map((name, at) =>
    Math.max(3, ...[name, ...cells.map((row) => row[at] ?? '')].map((cell) => cell.length)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - cell.length)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

/** The README with the table in place of what stands between the marks of the recipe that writes it. */
export function withTable(readme: string, recipe: 'bench' | 'soak', table: string): string {
  const marks = [`<!-- ${recipe}: written by \`just ${recipe}\` -->`, `<!-- end of ${recipe} -->`] as const;
  const [from, to] = marks.map((mark) => readme.indexOf(mark));
  if (from === undefined || to === undefined || from < 0 || to < from)
    throw new Error(`README.md: the marks of the ${recipe} table are missing; put them back`);
  return `${readme.slice(0, from + marks[0].length)}\n\n${table}\n\n${readme.slice(to)}`;
}
