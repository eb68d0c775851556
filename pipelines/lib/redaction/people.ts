import { isIPv4, isIPv6 } from 'node:net';
import type { Report, Scanned } from './finding.js';

const local = /[A-Za-z0-9._%+'-]/;
const domain =
  /(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?\.)+([A-Za-z]{2,24})(?![A-Za-z0-9_]|-[A-Za-z0-9])/y;
// Users of machines, not people; and what stands behind a dot and is a file's ending, not a domain's.
const roles = /^(?:git|noreply|no-reply|donotreply|do-not-reply|postmaster|mailer-daemon)$/i;
const endings =
  /^(?:service|socket|timer|target|mount|slice|scope|png|jpe?g|gif|svg|webp|ico|js|jsx|ts|tsx|mjs|cjs|css|scss|html|json|jsonl|yml|yaml|toml|lock|txt|log|conf|cfg|dll|exe|sql|class|local(?=\w))$/i;

/** E-mail addresses, also with the @ of a URL (%40). */
export function detectEmails({ text }: Scanned, report: Report): void {
  for (const mark of ['@', '%40']) {
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
      domain.lastIndex = at + mark.length;
      const found = domain.exec(text);
      if (found === null || endings.test(found[1] ?? '') || /^\d+x\./.test(found[0])) continue;
      let start = at;
      while (start > 0 && at - start < 64 && local.test(text[start - 1] ?? '')) start--;
      start = trimmed(text, start, at);
      if (start < at && !roles.test(text.slice(start, at))) report(start, domain.lastIndex, 'email');
    }
  }
}

/** Where a local part begins: not with a dot or quote, and not with what belongs to an escape (\n, %3D). */
function trimmed(text: string, from: number, at: number): number {
  let start = from;
  const escapes = /^(?:%[0-9A-F]{2})+/.exec(text.slice(start, at));
  if (escapes !== null) start += escapes[0].length;
  if (text[start - 1] === '\\' && /[nrt]/.test(text[start] ?? '')) start++;
  while (start < at && /['.%-]/.test(text[start] ?? '')) start++;
  return start;
}

// What the patterns need at least, and is found sooner.
const anyV4 = /\d\.\d{1,3}\.\d{1,3}\.\d/;
const anyV6 = /:[0-9a-f]{0,4}:/i;
const v4 = /(?<![\w.-]|==)(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)/g;
const v6 = /(?<![\w:.])[23][0-9a-f]{3}:(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{0,4}(?![\w:])/gi;
// RFC 6890: this network, private, shared, loopback, link-local, benchmarks, multicast and reserved.
const notPublic =
  /^(?:0|10|127|22[4-9]|23\d|24\d|25[0-5])\.|^(?:100\.(?:6[4-9]|[789]\d|1[01]\d|12[0-7])|169\.254|172\.(?:1[6-9]|2\d|3[01])|192\.168|198\.1[89])\.|^192\.0\.0\.|\.0\.0\.0$/;

/** Addresses of machines that the world can reach (those for documentation among them); not versions of programs. */
export function detectAddressesOfMachines({ text }: Scanned, report: Report): void {
  if (anyV4.test(text)) detectV4(text, report);
  if (!anyV6.test(text)) return;
  for (const { index, 0: address } of text.matchAll(v6)) {
    if (isIPv6(address)) report(index, index + address.length, 'ip');
  }
}

function detectV4(text: string, report: Report): void {
  for (const { index, 0: address } of text.matchAll(v4)) {
    if (!isIPv4(address) || notPublic.test(address)) continue;
    const before = text.slice(Math.max(0, index - 24), index);
    // Chrome/126.0.6478.0, version 4.8.1.2
    if (/[A-Za-z]\/$/.test(before) && address.endsWith('.0')) continue;
    if (/(?:version|\bver|release|assemblyversion)\\?["']?[\s:=(>"']{0,6}$/i.test(before)) continue;
    report(index, index + address.length, 'ip');
  }
}

// The first folder of a path: at its root, on another disk (/mnt/c, Data volumes), in a file: address, behind a flag that
// takes a folder (-I/home/…), in a diff (a/home/…), behind a host (host:/home/…) or an escape (\n/home/… in JSON text that
// stands as it is).
const root = String.raw`(?:(?<=\\[nrt])|(?<![\w.~@/\\-]|[\w.~@-][/\\]))(?:file:\/\/(?:localhost)?|-[ILFo]|[ab](?=\/))?`;
const disk = String.raw`(?:\/mnt\/[a-z]|\/host_mnt(?:\/[a-z])?|\/run\/host|\/var|\/export|\/System\/Volumes\/Data|\/[a-z])?`;
const name = String.raw`[A-Za-z_][\w.-]{0,38}(?:%40[\w.-]{1,60}|@[\w.-]{1,60})?`;
const unix = new RegExp(
  String.raw`${root}(${disk}\/(?:home|Users)\/(${name}))(?=$|[^\w.-]|\.(?:$|[\s"']))`,
  'g',
);
const windowsName = String.raw`[^\\/:*?"'<>|\r\n\s~$%{}]{1,40}(?: [^\\/:*?"'<>|\r\n\s]{1,30}){0,2}(?=[\\/])|[A-Za-z0-9_.-]{1,40}`;
const windows = new RegExp(
  String.raw`(?<![A-Za-z0-9])([A-Za-z]:[\\/]{1,8}(?:Users|Documents and Settings)[\\/]{1,8}(${windowsName}))`,
  'gi',
);
// Claude Code's folder of a project: every other character of the path is a dash (session-formats 1.1).
const munged = /(?<=^|[/\\])((?:[A-Za-z]-)?-(?:home|Users)-([A-Za-z_]\w*))(?=-|[/\\]|$)/g;

// Folders below /home and /Users that are nobody's, and pages of web programs.
const nobodys =
  /^(?:shared|public|default|linuxbrew|all users|dashboard|settings|profile|index|login|about|\.+)$/i;
// Names that machines give their one user: they say nothing about a person.
const common =
  /^(?:root|user|users|ubuntu|debian|admin|administrator|node|runner|app|dev|home|shared|public|guest|vscode|codespace|git|circleci|jenkins|ec2-user|vagrant|docker|builder|build|ci|test|tests|work|workspace|data|code|src|project|projects|demo|web|www|www-data|nobody|me|my|you|name|username|agent|sandbox|default|main|local|bin|lib|opt|tmp|var|usr|etc)$/i;

/** A home folder: its place, and the name in it where that is a person's. */
export type Home = { readonly start: number; readonly end: number; readonly name: string | null };

/** What a text holds (in lower case) that holds a home folder. */
export const homeWords = ['/home/', '/users/', 'users', 'documents and', '-home-', '-users-'];

/** Home folders of a text, without what lies below them. */
export function homesIn({ text, held }: Scanned): Home[] {
  const holds = (word: string) => held.has(word);
  const patterns = [
    ...(holds('/home/') || holds('/users/') ? [unix] : []),
    ...(holds('users') || holds('documents and') ? [windows] : []),
    ...(holds('-home-') || holds('-users-') ? [munged] : []),
  ];
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap((match): Home[] => {
      const [whole, folder = '', owner = ''] = match;
      // A dot at the end closes the sentence.
      const path = folder.replace(/\.+$/, '');
      const user = owner.replace(/\.+$/, '');
      if (user === '' || nobodys.test(user)) return [];
      const start = match.index + whole.length - folder.length;
      const isPerson = user.length >= 3 && !common.test(user) && !/^\d/.test(user);
      return [{ start, end: start + path.length, name: isPerson ? user : null }];
    }),
  );
}

/** Where the names stand by themselves: the owner of a file, a login, an account. */
export function detectNames({ text }: Scanned, names: ReadonlySet<string>, report: Report): void {
  for (const owner of names) {
    for (let start = text.indexOf(owner); start >= 0; start = text.indexOf(owner, start + 1)) {
      const end = start + owner.length;
      const begins =
        !/[\p{L}\p{N}]/u.test(text[start - 1] ?? '') ||
        /\\[nrt]$/.test(text.slice(Math.max(0, start - 2), start));
      const isWord = begins && !/[\p{L}\p{N}]/u.test(text[end] ?? '');
      if (isWord) report(start, end, 'user');
    }
  }
}
