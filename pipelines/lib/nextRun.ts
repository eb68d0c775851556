const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const names = ['jan feb mar apr may jun jul aug sep oct nov dec', 'sun mon tue wed thu fri sat'].map(
  (words) => words.split(' '),
);
// 29 February is at most eight years away.
const mostDays = 8 * 366;

/**
 * When cron next carries out a line with these times (crontab(5), as lib/cronExpression.ts takes them), in the time zone of
 * this process; null for @reboot and for days that never come.
 */
export function nextRun(times: string, now: Date): Date | null {
  const expression = nicknames[times.trim().toLowerCase()] ?? times.trim();
  const words = expression.split(/[ \t]+/);
  if (words.length !== 5) return null;
  const [minutes, hours, days, months, weekdays] = [
    valuesOf(words[0], 0, 59),
    valuesOf(words[1], 0, 23),
    valuesOf(words[2], 1, 31),
    valuesOf(words[3], 1, 12, names[0]),
    valuesOf(words[4], 0, 7, names[1]),
  ] as const;
  // Where both are named, either will do; one that begins with * names nothing.
  const isFree = [words[2], words[4]].map((word) => word?.startsWith('*') === true);
  const isDay = (date: Date) => {
    const byMonth = days.has(date.getDate());
    const byWeek = weekdays.has(date.getDay()) || (date.getDay() === 0 && weekdays.has(7));
    return isFree[0] || isFree[1] ? byMonth && byWeek : byMonth || byWeek;
  };
  for (let ahead = 0; ahead <= mostDays; ahead += 1) {
    const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() + ahead);
    if (!months.has(date.getMonth() + 1) || !isDay(date)) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const at = new Date(date.getFullYear(), date.getMonth(), date.getDate(), hour, minute);
        if (at > now) return at;
      }
    }
  }
  return null;
}

/** The numbers that a field names, the least first. */
function valuesOf(word = '', least: number, greatest: number, known: readonly string[] = []): Set<number> {
  const numberOf = (text: string) => {
    const place = known.indexOf(text.toLowerCase());
    return place < 0 ? Number(text) : place + least;
  };
  const found = word.split(',').flatMap((item) => {
    const [range = '', step = '1'] = item.split('/');
    const [first = '', last = first] = range.split('-');
    const [from, to] = range === '*' ? [least, greatest] : [numberOf(first), numberOf(last)];
    const count = Math.max(0, Math.floor((to - from) / Number(step)) + 1);
    return Array.from({ length: count }, (_, index) => from + index * Number(step));
  });
  return new Set(found.sort((a, b) => a - b));
}
