const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const nicknames = [
  '@reboot',
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
];

/** The five fields of crontab(5): the least and the greatest number, and names that may stand for numbers. */
const fields: { name: string; least: number; greatest: number; names?: string[] }[] = [
  { name: 'minute', least: 0, greatest: 59 },
  { name: 'hour', least: 0, greatest: 23 },
  { name: 'day of the month', least: 1, greatest: 31 },
  { name: 'month', least: 1, greatest: 12, names: months },
  { name: 'day of the week', least: 0, greatest: 7, names: weekdays },
];

/** What is wrong with the times of a crontab line, in words; null where cron would take them. */
export function cronFault(expression: string): string | null {
  if (/[\r\n]/.test(expression)) return 'holds a newline';
  const words = expression.trim().split(/[ \t]+/);
  if (words[0]?.startsWith('@')) {
    const isKnown = words.length === 1 && nicknames.includes(words[0].toLowerCase());
    return isKnown ? null : `is none of ${nicknames.join(' ')}`;
  }
  if (words.length !== fields.length) return `has ${words.length} fields where there are five`;
  for (const [index, field] of fields.entries()) {
    const word = words[index] ?? '';
    if (!word.split(',').every((item) => isItem(item, field))) return `has no ${field.name} in "${word}"`;
  }
  return null;
}

function isItem(item: string, { least, greatest, names = [] }: (typeof fields)[number]): boolean {
  const [, range = '', , step] = /^([^/]+)(\/(\d+))?$/.exec(item) ?? [];
  if (step !== undefined && Number(step) < 1) return false;
  if (range === '*') return true;
  const ends = range.split('-').map((word) => {
    const named = names.indexOf(word.toLowerCase());
    if (named >= 0) return named + least;
    return /^\d+$/.test(word) ? Number(word) : Number.NaN;
  });
  const [first = Number.NaN, last = first] = ends;
  // A step needs a range to step through.
  const isWhole = ends.length === 2 || (ends.length === 1 && step === undefined);
  return isWhole && first >= least && last <= greatest && first <= last;
}
