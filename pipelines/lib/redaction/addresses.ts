import type { Detector, Report, Scanned } from './finding.js';
import { entropy, isSecretValue } from './secretValue.js';

// RFC 3986: scheme://user:password@host. A password written with a bare @ ends at the last one before the path.
const withPassword = /:\\?\/\\?\/([^\s:/@"'`<>\\]*):([^\s/"'`<>\\]+)@(?=[\w.[$-])/g;
const withToken = /https?:\\?\/\\?\/([\w.~-]{20,255})(?::x-oauth-basic|:)?@(?=[\w-]+\.)/g;

/** Passwords and tokens in addresses: the value alone, so that host and database still read. */
export const detectAddresses: Detector = { words: ['@', 'key=', 'sig'], detect };

function detect({ text, held }: Scanned, report: Report): void {
  if (held.has('@') && /:\\?\/\\?\//.test(text)) {
    for (const match of text.matchAll(withPassword)) {
      const [whole, , password = ''] = match;
      const start = match.index + whole.length - 1 - password.length;
      if (isSecretValue(decoded(password), 'environment', true))
        report(start, start + password.length, 'url-password');
    }
    for (const match of text.matchAll(withToken)) {
      const [whole, token = ''] = match;
      if (!isToken(token)) continue;
      const start = match.index + whole.indexOf(token, whole.indexOf('//'));
      report(start, start + token.length, 'url-token');
    }
  }
  // Azure: shared keys of storage, service bus and others; signatures of shared access.
  // https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
  if (held.has('key=')) {
    for (const { index, 0: whole, 1: key = '' } of text.matchAll(
      /(?:AccountKey|SharedAccessKey|AccessKey)=([A-Za-z0-9+/]{40,88}={0,2})/gi,
    )) {
      report(index + whole.length - key.length, index + whole.length, 'azure-key');
    }
  }
  // https://learn.microsoft.com/rest/api/storageservices/create-service-sas, and AWS, Google: signed addresses
  if (held.has('sig')) {
    const signed =
      /[?&](?:sig|X-Amz-Signature|X-Goog-Signature|X-Amz-Security-Token|Signature)=([A-Za-z0-9%+/=_-]{30,})/gi;
    for (const { index, 0: whole, 1: key = '' } of text.matchAll(signed)) {
      report(index + whole.length - key.length, index + whole.length, 'signed-url');
    }
  }
}

/** Letters and digits; of letters alone only what no name is as long and as mixed as. */
function isToken(text: string): boolean {
  if (/\d/.test(text)) return /[a-z]/i.test(text) && entropy(text) >= 3;
  return text.length >= 32 && /[a-z]/.test(text) && /[A-Z]/.test(text) && entropy(text) >= 4;
}

function decoded(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}
