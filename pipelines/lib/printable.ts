/**
 * A text with its control characters written out, newline and tab aside: names of files and sessions must not move the
 * cursor, colour the terminal, turn the direction of what follows or overwrite the line they stand in.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[^\P{Cc}\n\t]|[\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
