import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Policy } from '../../pipelines/lib/redaction/policy.js';
import { redactJson } from '../../pipelines/lib/redaction/redactJson.js';
import { redactText } from '../../pipelines/lib/redaction/redactText.js';

type Row = Record<string, unknown>;
type Range = { source_path: string; byte_offset: number | string; byte_end: number | string };

/** What the bytes that a row names hold, JSON decoded: whole lines of text, and all of it as one. */
export type Decoded = {
  readonly lines: ReadonlySet<string>;
  readonly all: string;
  readonly names: ReadonlySet<string>;
};

/** Columns of a dataset that hold text of its sources; what is not in a dataset is passed over. */
const textColumns = [
  'messages',
  'prompt',
  'completion',
  'completions',
  'chosen',
  'rejected',
  'question',
  'answer',
];

/**
 * The parts of a row's text that its sources, redacted, do not hold; `roots` are the folders that sources may lie below.
 */
export function untraced(row: Row, roots: readonly string[], policy: Policy): string[] {
  const decoded = decode(JSON.parse(String(row.metadata)).sources as Range[], roots, policy);
  return textColumns
    .flatMap((column) => [row[column] ?? []].flat())
    .flatMap((value) => partsOf(String(value)))
    .filter((part) => !holds(decoded, part));
}

/** Reads the ranges as the lines they must be; throws where one is no whole line of JSON. */
function decode(ranges: readonly Range[], roots: readonly string[], policy: Policy): Decoded {
  const strings = new Set<string>();
  for (const { source_path: path, byte_offset: from, byte_end: to } of ranges) {
    const file = roots.flatMap((root) => placesOf(root, path, policy)).find(existsSync);
    if (file === undefined) throw new Error(`${path}: no such file`);
    const bytes = readBytes(file, Number(from), Number(to));
    if (!bytes.endsWith('\n')) throw new Error(`${path} ${from}: the range does not end with a line`);
    for (const line of bytes.split('\n').filter((text) => text.trim() !== '')) {
      for (const record of recordsOf(line)) {
        collect(record, strings, (text) => redactText(text, policy) ?? text);
        // Under its name a value may be a secret that it is not by itself.
        const json = JSON.stringify(record);
        collect(JSON.parse(redactJson(json, policy) ?? json), strings);
      }
    }
  }
  const lines = new Set<string>();
  for (const text of strings) for (const line of text.split('\n')) lines.add(line.trim());
  const names = new Set([...strings].filter(({ length }) => length <= 200).map(safeName));
  return { lines, all: [...strings].join('\n'), names };
}

/** Where a file may lie whose path is redacted: a folder of Claude Code is named after a path with its owner's home. */
function placesOf(root: string, path: string, policy: Policy): string[] {
  const [folder = '', ...rest] = path.split('/');
  if (!folder.startsWith('~') || !existsSync(root)) return [join(root, path)];
  const owners = readdirSync(root).filter((name) => redactText(name, policy) === folder);
  return owners.map((name) => join(root, name, ...rest));
}

function readBytes(file: string, from: number, to: number): string {
  const handle = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(to - from);
    readSync(handle, buffer, 0, buffer.length, from);
    return buffer.toString();
  } finally {
    closeSync(handle);
  }
}

/** The records of a line: one, or two that were glued together. */
function recordsOf(line: string): unknown[] {
  const text = line.replace(/^﻿/, '').replace(/[\0\s]+$/, '');
  try {
    return [JSON.parse(text)];
  } catch {
    return text.split(/(?<=\})(?=\{"type")/).flatMap((part) => {
      try {
        return [JSON.parse(part)];
      } catch {
        return [];
      }
    });
  }
}

/** Every string in a value; a string that holds JSON is looked into as well, as arguments of calls are written so. */
function collect(value: unknown, strings: Set<string>, clean: (text: string) => string = String): void {
  if (typeof value === 'string') {
    strings.add(clean(value));
    if (/^\s*[[{]/.test(value)) {
      try {
        collect(JSON.parse(value), strings, clean);
      } catch {
        // Text that only looks like JSON.
      }
    }
  } else if (typeof value === 'number') {
    strings.add(String(value));
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      strings.add(clean(key));
      collect(inner, strings, clean);
    }
  }
}

/** A text, or a chat message as JSON, in the pieces that must be found: its lines, the strings of arguments, names of tools. */
function partsOf(value: string): string[] {
  if (!/^\{"role":/.test(value)) return value.split('\n');
  const message = JSON.parse(value);
  const calls = (message.tool_calls ?? []) as { function: { name: string; arguments: unknown } }[];
  return [
    ...[message.content, message.reasoning_content ?? ''].join('\n').split('\n'),
    ...calls.flatMap(({ function: call }) => [call.name, ...stringsIn(call.arguments)]),
  ];
}

function stringsIn(value: unknown): string[] {
  const strings = new Set<string>();
  collect(value, strings);
  // Raw text of a call is put under "input" (Codex custom tools).
  strings.delete('input');
  return [...strings].flatMap((text) => text.split('\n'));
}

/** What rows say in words of their own: where a result was cut, the headings of a recorded prompt, a tool without a name. */
const ownWords =
  /^(\[\d+ characters left out\]|Constraints:|Input:|Context documents:|\[image\]|\[document\]|tool|local_shell|web_search|image_generation)?$/;

function holds(decoded: Decoded, part: string): boolean {
  const { lines, all, names } = decoded;
  const text = part.trim();
  if (ownWords.test(text) || lines.has(text) || names.has(text) || all.includes(text)) return true;
  // Items and names of a recorded prompt, tools that a result names.
  const bare = text.replace(/^\[tool_reference: |^- |^\[|\]$/g, '');
  if (all.includes(bare)) return true;
  // A line of a rendered conversation or of a step, or an answer that is a value: who speaks is the row's own word.
  const words = text.replace(/^(User|Assistant|Result of [\w-]+):( |$)|^Call: /, '');
  if (words !== text && all.includes(words)) return true;
  const [, name, json = ''] = /^(?:([\w-]+) )?([[{].*[\]}])$/.exec(words) ?? [];
  try {
    return [name ?? '', ...stringsIn(JSON.parse(json))].every((inner) => holds(decoded, inner));
  } catch {
    return false;
  }
}

function safeName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64);
}
