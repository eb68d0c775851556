import type { Detector, Report, Scanned } from './finding.js';

// RFC 7468 and what OpenSSH, PGP (RFC 9580) and SSH2 (RFC 4716) make of it.
const begin = /-{4,5} ?BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}/g;
const end = /-{4,5} ?END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}/g;
// Lines of a key, as they stand or numbered, quoted or added in a diff; line ends may be escapes (\n) in JSON text.
const bodyAfter =
  /(?:(?:\s|\\r|\\n)+[\s\d:|>+→-]{0,16}(?:[A-Za-z0-9+/=]{16,}|[A-Za-z0-9+/]{1,76}={1,2}(?![A-Za-z0-9+/])|[A-Z][A-Za-z-]{2,20}: [^\r\n\\]{0,80})(?=\s|\\|$|["'`]))+/y;
const bodyBefore =
  /(?:[\s\d:|>+→-]{0,16}[A-Za-z0-9+/=]{16,}(?:\s|\\r|\\n)+)+(?:[\s\d:|>+→-]{0,16}[A-Za-z0-9+/=]{1,15}(?:\s|\\r|\\n)+)?[\s\d:|>+→-]{0,16}$/;
const longest = 20_000;

/** Private keys, also those of which a log holds only the first or the last part. */
export const detectPrivateKeys: Detector = {
  words: ['private key', 'putty-user-key-file', 'ls0tls'],
  detect,
};

function detect({ text, held }: Scanned, report: Report): void {
  if (held.has('private key')) pemKeys(text, report);
  if (held.has('putty-user-key-file')) {
    for (const { index, 0: key } of text.matchAll(
      /PuTTY-User-Key-File-\d[\s\S]{40,8000}?Private-(?:MAC|Hash): ?[0-9a-f]+/g,
    )) {
      report(index, index + key.length, 'private-key');
    }
  }
  if (held.has('ls0tls')) {
    for (const { index, 0: run } of text.matchAll(/LS0tLS1CRUdJTi[A-Za-z0-9+/]{40,}={0,2}/g)) {
      const head = Buffer.from(run.slice(0, 120), 'base64').toString('latin1');
      if (head.includes('PRIVATE KEY')) report(index, index + run.length, 'private-key');
    }
  }
}

function pemKeys(text: string, report: Report): void {
  const begins = [...text.matchAll(begin)];
  const ends = [...text.matchAll(end)];
  let done = 0;
  for (const [at, { index, 0: first }] of begins.entries()) {
    const after = index + first.length;
    const next = begins[at + 1]?.index ?? text.length;
    const last = ends.find(
      (mark) => mark.index >= after && mark.index < next && mark.index - after < longest,
    );
    const stop = last === undefined ? endOfBody(text, after) : last.index + last[0].length;
    if (lettersOfKey(text.slice(after, last?.index ?? stop)) < 40) continue;
    report(index, stop, 'private-key');
    done = stop;
  }
  for (const { index, 0: mark } of ends) {
    if (index < done) continue;
    const body = bodyBefore.exec(text.slice(Math.max(done, index - longest), index))?.[0] ?? '';
    if (lettersOfKey(body) >= 40) report(index - body.length, index + mark.length, 'private-key');
    done = index + mark.length;
  }
}

function endOfBody(text: string, after: number): number {
  bodyAfter.lastIndex = after;
  return after + (bodyAfter.exec(text)?.[0].length ?? 0);
}

/** How much of a body could be a key: an example writes `…` or a word there. */
function lettersOfKey(body: string): number {
  return body.match(/[A-Za-z0-9+/=]{16,}/g)?.join('').length ?? 0;
}
