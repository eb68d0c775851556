import { rules } from '@secretlint/secretlint-rule-preset-recommend';
import type { Detector, Report } from './finding.js';
import { isSecretValue } from './secretValue.js';

// What a text must hold (in lower case) for a rule to find anything. A rule that is not named here is always asked; a
// test says so when a new version of the preset brings one.
const hints: Readonly<Record<string, readonly string[]>> = {
  aws: ['secret_access', 'secretaccess', 'secret_accesskey', 'secretaccess_key'],
  privatekey: ['private key'],
  npm: ['npm_', 'x-oauth-basic'],
  basicauth: ['://'],
  slack: ['xox', 'xapp-', 'hooks.slack'],
  sendgrid: ['sg.'],
  shopify: ['shppa_', 'shpca_', 'shpat_', 'shpss_'],
  github: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'],
  gitlab: ['glpat-'],
  grafana: ['glc_', 'glsa_'],
  openai: ['t3blbkfj'],
  anthropic: ['sk-ant-'],
  groq: ['gsk_'],
  huggingface: ['hf_'],
  linear: ['lin_api_'],
  notion: ['ntn_'],
  '1password': ['ops_ey'],
  'database-connection-string': ['mongodb', 'mysql', 'postgres'],
  'hashicorp-vault': ['hvs.', 'hvb.', 'hvr.'],
  vercel: ['vcp_', 'vci_', 'vca_', 'vcr_', 'vck_'],
  databricks: ['dapi'],
  docker: ['dckr_pat_'],
  figma: ['figd_'],
};

// gcp reads files (.p12, .json) and waits for them; filter-comments lets a comment in a text switch the others off, which
// a log must not be able to do.
const leftOut = ['gcp', 'filter-comments'];

type FileHandler = {
  readonly hints: readonly string[] | undefined;
  readonly scan: (text: string, report: Report) => void;
};

const handlers: readonly FileHandler[] = rules
  .map((rule) => ({ rule, name: shortName(rule.meta.id) }))
  .filter(({ name }) => !leftOut.includes(name))
  .map(({ rule, name }) => ({
    hints: hints[name],
    scan: scanWith(rule, name),
  }));

/** The rules of the preset that have no hints and are not left out: none, or a new version of it is not yet looked at. */
export const unknownPresetRules: readonly string[] = rules
  .map(({ meta }) => shortName(meta.id))
  .filter((name) => hints[name] === undefined && !leftOut.includes(name));

/** Names of the preset's rules that are asked, for the policy's version. */
export const presetRules: readonly string[] = rules.map(({ meta }) => meta.id);

/** The preset's rules, called one by one through secretlint's rule interface: they are synchronous without files. */
export const detectWithPreset: Detector = {
  words: Object.values(hints).flat(),
  detect: ({ text, held }, report) => {
    for (const handler of handlers) {
      if (handler.hints === undefined || handler.hints.some((hint) => held.has(hint))) {
        handler.scan(text, report);
      }
    }
  },
};

type PresetRule = (typeof rules)[number];
type RuleContext = Parameters<PresetRule['create']>[0];
type SourceCode = Parameters<NonNullable<ReturnType<PresetRule['create']>['file']>>[0];

function scanWith(rule: PresetRule, name: string): FileHandler['scan'] {
  let report: Report = () => {};
  let text = '';
  const context: RuleContext = {
    sharedOptions: {},
    createTranslator: () => (messageId) => ({ messageId: String(messageId), message: '', data: {} }),
    report: ({ message, range: [start, end] }) => {
      const isUrl = name === 'basicauth' || name === 'database-connection-string';
      const [from, to] = isUrl ? passwordInUrl(text, start, end) : [start, end];
      if (isUrl && !isSecretValue(text.slice(from, to), 'environment', true)) return;
      report(from, to, presetRuleName(message.messageId));
    },
    ignore: () => {},
  };
  const { file } = rule.create(context, {});
  return (content, to) => {
    [text, report] = [content, to];
    const done = file?.(sourceCode(content));
    if (done instanceof Promise) throw new Error(`${rule.meta.id} is asynchronous`);
    report = () => {};
  };
}

/** The password of an address: two rules report the whole of it, but host and database may stay, so that the text reads. */
export function passwordInUrl(text: string, start: number, end: number): [number, number] {
  const found = /:\/\/[^:/\s]*:([^/\s]*)@/d.exec(text.slice(start, end));
  const [from, to] = found?.indices?.[1] ?? [0, end - start];
  return [start + from, start + to];
}

function shortName(id: string): string {
  return id.replace('@secretlint/secretlint-rule-', '');
}

/** A message id of secretlint (GITHUB_TOKEN, MongoDBConnection) as a rule's name: github-token, mongo-db-connection. */
export function presetRuleName(id: string): string {
  const words = id.includes('_') ? id : id.replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4');
  return words.toLowerCase().replaceAll('_', '-');
}

function sourceCode(content: string): SourceCode {
  const noPlace = (): never => {
    throw new Error('a text has no lines here');
  };
  return {
    content,
    hasBOM: false,
    filePath: undefined,
    physicalFilePath: undefined,
    contentType: 'text',
    ext: '',
    getFilePath: () => undefined,
    getPhysicalFilePath: () => undefined,
    locationToRange: noPlace,
    rangeToLocation: noPlace,
    positionToIndex: noPlace,
    indexToPosition: noPlace,
  };
}
