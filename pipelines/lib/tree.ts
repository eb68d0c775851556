/** A node of a tree as it is drawn. */
export type Branch = { readonly label: string; readonly children: readonly Branch[] };

/** A tree as lines of at most `width` characters where its words allow it. */
export function drawTree(
  label: string,
  children: readonly Branch[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const drawn = children.map((child, index) => {
    const isLast = index === children.length - 1;
    const [first, ...rest] = drawTree(child.label, child.children, width - 3);
    return [`${isLast ? '└─' : '├─'} ${first}`, ...rest.map((line) => `${isLast ? '  ' : '│ '} ${line}`)];
  });
  const [first, ...rest] = wrapWords(label, 4, width);
  return [
    first ?? '',
    ...rest.map((line) => (children.length > 0 ? line.replace(' ', '│') : line)),
    ...drawn.flat(),
  ];
}

/** Words joined by blanks, in lines of at most `width` characters; all after the first are indented by `indent`. */
export function wrapWords(text: string, indent: number, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length === 0 ? word : `${' '.repeat(indent)}${word}`);
  }
  return lines;
}
