import { amount } from './progress.js';

/** Rows as an HTML table: a column for each name of the first row, numbers to the right, texts cut after `cut` characters. */
export function htmlTable(
  rows: readonly Readonly<Record<string, unknown>>[],
  {
    limit = 20,
    caption,
    cut = 200,
    empty,
  }: { limit?: number; caption?: string; cut?: number; empty?: string } = {},
): string {
  if (rows.length === 0) return htmlNote(empty ?? [caption, 'no rows'].filter(Boolean).join(': '));
  const names = Object.keys(rows[0] ?? {});
  const shown = rows.slice(0, limit);
  const side = (name: string) => (shown.some((row) => isNumber(row[name])) ? 'right' : 'left');
  const head = names.map((name) => `<th style="text-align: ${side(name)}">${escapeHtml(name)}</th>`).join('');
  const body = shown.map(
    (row) => `<tr>${names.map((name) => cellHtml(row[name], side(name), cut)).join('')}</tr>`,
  );
  const more =
    rows.length > shown.length
      ? `${amount(shown.length, 'items')} of ${amount(rows.length, 'items')} rows`
      : '';
  const words = [caption, more]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => escapeHtml(String(part)));
  const title = words.length > 0 ? `<caption>${words.join(', ')}</caption>` : '';
  return `<table>${title}<thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table>`;
}

/** A line that says why there is no table or picture. */
export function htmlNote(text: string): string {
  return `<p><i>${escapeHtml(text)}</i></p>`;
}

/** Text for HTML, in attributes too. */
export function escapeHtml(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replaceAll(/[&<>"']/g, (character) => names[character] ?? character);
}

function cellHtml(value: unknown, side: string, cut: number): string {
  const text = cellText(value, cut);
  if (side === 'right') return `<td style="text-align: right; vertical-align: top">${escapeHtml(text)}</td>`;
  // A word is broken only where it must be: `anywhere` would make narrow columns of short words.
  const wrap = value instanceof Date ? 'white-space: nowrap' : 'max-width: 40em; overflow-wrap: break-word';
  const lines = escapeHtml(text).replaceAll('\n', '<br>');
  return `<td style="text-align: left; vertical-align: top; ${wrap}">${lines}</td>`;
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** A value as people read it: `1,234`, `0.82`, `2026-05-01 12:00`, JSON for lists; `-` is none. */
function cellText(value: unknown, cut: number): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'number') return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
  if (typeof value === 'bigint') return value.toLocaleString('en-US');
  if (value instanceof Date)
    return value
      .toISOString()
      .replace('T', ' ')
      .replace(/(:00)?\.\d{3}Z$/, '')
      .replace(/ 00:00$/, '');
  const text = typeof value === 'object' ? JSON.stringify(value, withoutBigints) : String(value);
  return text.length > cut ? `${text.slice(0, cut)}…` : text;
}

// JSON has no bigint; as a number it would be another one.
function withoutBigints(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
