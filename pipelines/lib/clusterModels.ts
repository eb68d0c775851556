import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClickHouseSettings } from '@clickhouse/client';
import { exitCodes, UserError } from '../errors.js';
import type { Clickhouse } from './clickhouse.js';

/** The datasets that ClickHouse derives. */
export const clusterDatasets: readonly string[] = ['preference', 'reward', 'sft'];

/** The lake's tables that ClickHouse derives them from. */
export const clusterInputs: readonly string[] = [
  'core.sessions',
  'core.signals',
  'core.steps',
  'core.tool_calls',
  'events.payload_blobs',
  'events.router_decisions',
  'events.training_events',
];

/** One SELECT of sql/clickhouse/models, for a ClickHouse that the lake is loaded into. */
export type ClusterModel = {
  /** Of the file; its table is `model_<name>`. */
  readonly name: string;
  readonly sql: string;
  readonly key: readonly string[];
  /** Names of other models that it reads. */
  readonly inputs: readonly string[];
};

export type ClusterFolder = {
  /** `create or replace function` statements. */
  readonly functions: readonly string[];
  /** Each behind those that it reads. */
  readonly models: readonly ClusterModel[];
};

/** Settings of the session that makes models. The lake's models take SQL's nulls for granted: a join that finds nothing gives null, not a zero. */
export const modelSettings: ClickHouseSettings = {
  join_use_nulls: 1,
  // Rows hold texts of megabytes: a block of the usual 65,000 of them would fill the memory.
  max_block_size: '2048',
  // What is told of a column of few values is itself of few values.
  allow_suspicious_low_cardinality_types: 1,
  // json_text undoes the escape, and would spoil text where there is none.
  output_format_json_escape_forward_slashes: 1,
};

/** Refuses the name of a dataset that ClickHouse does not derive. */
export function checkClusterNames(names: readonly string[] | null): void {
  const other = names?.find((name) => !clusterDatasets.includes(name));
  if (other === undefined) return;
  throw new UserError(
    `--dataset ${other}: --engine clickhouse derives ${clusterDatasets.join(', ')}; leave out --engine for others`,
    { exitCode: exitCodes.usage },
  );
}

/** Reads sql/clickhouse/functions and sql/clickhouse/models below a sql folder. */
export async function readClusterFolder(sql: string): Promise<ClusterFolder> {
  const functions: string[] = [];
  for (const [file, text] of await readFolder(join(sql, 'clickhouse', 'functions'))) {
    functions.push(...readFunctions(file, text));
  }
  const models = new Map<string, ClusterModel>();
  for (const [file, text] of await readFolder(join(sql, 'clickhouse', 'models'))) {
    const model = readClusterModel(file, text);
    models.set(model.name, model);
  }
  return { functions, models: inOrder(models) };
}

/** The models named and all that they read, in their order; all where none is named. */
export function neededModels({ models }: ClusterFolder, names?: readonly string[]): ClusterModel[] {
  if (names === undefined) return [...models];
  const needed = new Set<string>(names);
  for (const model of models.toReversed()) {
    if (needed.has(model.name)) for (const input of model.inputs) needed.add(input);
  }
  return models.filter(({ name }) => needed.has(name));
}

/** Makes `model_<name>` of each model in an engine opened with modelSettings; `made` hears of each. */
export async function makeModels(
  clickhouse: Clickhouse,
  functions: readonly string[],
  models: readonly ClusterModel[],
  made: (model: ClusterModel) => void = () => undefined,
): Promise<void> {
  for (const statement of functions) await clickhouse.run(statement);
  for (const model of models) {
    const statement = `create or replace table model_${model.name}
engine = MergeTree order by (${model.key.join(', ')}) settings allow_nullable_key = 1
as ${model.sql}`;
    await clickhouse.run(statement);
    made(model);
  }
}

function readFunctions(file: string, text: string): string[] {
  const statements = text
    .split(/^(?=create or replace function\b)/m)
    .filter((statement) => statement.startsWith('create'))
    .map((statement) => statement.replace(/;\s*(--.*\s*)*$/, ''));
  if (statements.length > 0) return statements;
  throw new UserError(`${file}: no \`create or replace function\`; write one or remove the file`);
}

function readClusterModel(file: string, text: string): ClusterModel {
  const key = /^-- @key (.+)$/m.exec(text)?.[1]?.split(/\s*,\s*/);
  if (!/^-- \w/.test(text)) throw new UserError(`${file}: has no grain; begin with \`-- One row per …\``);
  if (key === undefined) throw new UserError(`${file}: has no key; add \`-- @key <columns>\``);
  const name = /(\w+)\.sql$/.exec(file)?.[1] ?? '';
  const words = withoutComments(text).match(/\bmodel_\w+/g) ?? [];
  const inputs = [...new Set(words.map((word) => word.replace('model_', '')))].sort();
  return { name, sql: text.trimEnd(), key, inputs };
}

function withoutComments(text: string): string {
  return text.replace(/--.*$/gm, '');
}

function inOrder(models: ReadonlyMap<string, ClusterModel>): ClusterModel[] {
  const ordered = new Set<ClusterModel>();
  const visit = (model: ClusterModel, path: readonly string[]): void => {
    if (ordered.has(model)) return;
    const file = `sql/clickhouse/models/${model.name}.sql`;
    const trail = [...path, model.name];
    if (path.includes(model.name)) {
      throw new UserError(`${file}: ${trail.join(' reads ')}; break the circle`);
    }
    for (const input of model.inputs) {
      const other = models.get(input);
      if (other === undefined) {
        throw new UserError(`${file}: reads model_${input}, which nothing makes; write models/${input}.sql`);
      }
      visit(other, trail);
    }
    ordered.add(model);
  };
  for (const model of models.values()) visit(model, []);
  return [...ordered];
}

/** The .sql files of a folder, in name order, each as its path for people and its text. */
async function readFolder(folder: string): Promise<[string, string][]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name): Promise<[string, string]> => {
      const file = `sql/clickhouse/${folder.split('/').at(-1)}/${name}`;
      return [file, await readFile(join(folder, name), 'utf8')];
    }),
  );
}
