/** A text on one line, at most so many characters: from its start, or from before the first place that says a word. */
export function excerpt(text: string, words: string, longest: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  if (line.length <= longest) return line;
  const low = line.toLowerCase();
  const places = (words.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
    .map((word) => low.indexOf(word))
    .filter((place) => place >= 0);
  const first = places.length === 0 ? 0 : Math.min(...places);
  // The whole of the beginning where the word stands in it.
  const start = first < longest * 0.6 ? 0 : line.lastIndexOf(' ', first - longest / 4) + 1;
  const end = start + longest;
  const stop = end >= line.length ? line.length : Math.max(line.lastIndexOf(' ', end), start + longest / 2);
  return `${start > 0 ? '… ' : ''}${line.slice(start, stop).trim()}${stop < line.length ? ' …' : ''}`;
}
