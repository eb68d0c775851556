/** A running job's progress; `add` takes what was done since the last call, in the unit of the total. */
export type Progress = { readonly add: (amount: number) => void; readonly end: () => void };
export type StartProgress = (label: string, total: number, unit: 'bytes' | 'items') => Progress;

/** Says nothing: for tests and --json. */
export const silentProgress: StartProgress = () => ({ add: () => {}, end: () => {} });

/**
 * Progress with rate and ETA: one rewritten line on a terminal, a plain line every 10 s elsewhere.
 * Short jobs stay silent: nothing is printed in the first half second.
 */
export function terminalProgress(out: NodeJS.WriteStream): StartProgress {
  return (label, total, unit) => {
    const started = performance.now();
    let done = 0;
    let printed = started;
    let shown = false;
    const every = out.isTTY ? 100 : 10_000;
    const show = (now: number) => {
      const seconds = (now - started) / 1000;
      const rate = done / Math.max(seconds, 1e-3);
      const left = rate > 0 ? Math.max(0, total - done) / rate : 0;
      const share = total > 0 ? Math.floor((100 * done) / total) : 100;
      const text = `${label} ${share}%  ${amount(done, unit)} of ${amount(total, unit)}  ${amount(rate, unit)}/s  ${Math.ceil(left)} s left`;
      out.write(out.isTTY ? `\r\x1b[2K${text.slice(0, (out.columns ?? 80) - 1)}` : `${text}\n`);
      shown = true;
      printed = now;
    };
    return {
      add: (more) => {
        done += more;
        const now = performance.now();
        if (now - started > 500 && now - printed > every) show(now);
      },
      end: () => {
        if (shown && out.isTTY) out.write('\r\x1b[2K');
      },
    };
  };
}

/** `1.5 MB`, `12,345`: a quantity as people read it; bytes are powers of 1000. */
export function amount(value: number, unit: 'bytes' | 'items'): string {
  if (unit === 'items') return Math.round(value).toLocaleString('en-US');
  const names = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = value;
  let name = 0;
  while (size >= 1000 && name < names.length - 1) {
    size /= 1000;
    name += 1;
  }
  return `${name === 0 ? size.toFixed(0) : size.toFixed(1)} ${names[name]}`;
}

/** `3 d`, `5 h`, `12 min`, `40 s`: whole units of the largest that fits. */
export function duration(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
  ] as const;
  const [unit, length] = units.find(([, least]) => ms >= least) ?? ['s', 1000];
  return `${Math.floor(ms / length)} ${unit}`;
}

/** `2026-05-01 12:30 UTC`, of an ISO time. */
export function minute(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`;
}

/** Whether a text is a number, a size or a share as they are shown here, or `-` for none: such columns stand right. */
export function isFigure(text: string): boolean {
  return /^(-|<?[\d,.]+( ([kMGT]?B|%))?)$/.test(text);
}
