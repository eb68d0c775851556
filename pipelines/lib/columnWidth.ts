/** Characters that a terminal shows two columns wide: East Asian ones and pictures. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;

/** Columns that a text takes in a terminal. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += wide.test(character) ? 2 : 1;
  return columns;
}

/** A text in at most so many columns, with … where it was cut. */
export function cutTo(text: string, width: number): string {
  // Few texts have as many characters as columns; the others need no count.
  if (text.length * 2 <= width || columnsOf(text) <= width) return text;
  let [cut, columns] = ['', 0];
  for (const character of text) {
    columns += wide.test(character) ? 2 : 1;
    if (columns > width - 1) break;
    cut += character;
  }
  return `${cut}…`;
}
