import { join } from 'node:path';
import { arrowSchema } from '../lib/parquetMetadata.js';
import type { Profile, ProfileTask, RowGroup, WrittenFile } from '../lib/profile.js';
import { identifier, quote } from '../lib/warehouse.js';

/** Canonical Parquet: messages as LIST<JSON>, what TRL 1.x, Axolotl, OpenRLHF and the Hub viewer read. */
export const trl: Profile = {
  name: 'trl',
  describe: 'Parquet, messages as `LIST<JSON>`',
  extension: 'parquet',
  write,
  loading,
};

async function write(task: ProfileTask): Promise<WrittenFile[]> {
  const written: WrittenFile[] = [];
  const shards = 1 + Math.max(...task.groups.map(({ shard }) => shard));
  for (let shard = 0; shard < shards; shard += 1) {
    const groups = task.groups.filter((group) => group.shard === shard);
    const name = `${task.split}-${number(shard)}-of-${number(shards)}`;
    const select = selectRows(task, groups);
    const formats = task.jsonl
      ? { parquet: parquetOptions(task), jsonl: 'format json' }
      : { parquet: parquetOptions(task) };
    for (const [extension, options] of Object.entries(formats)) {
      const path = `${task.dataset}/${name}.${extension}`;
      await task.connection.run(`copy (${select}) to ${quote(join(task.folder, path))} (${options})`);
      const sum = (key: 'rows' | 'tokens') => groups.reduce((total, group) => total + group[key], 0);
      written.push({ path, rows: sum('rows'), tokens: sum('tokens') });
    }
  }
  return written;
}

/** One SELECT a row group, sorted on its own: DuckDB begins a row group with each and never splits 2,048 rows. */
function selectRows({ columns, split }: ProfileTask, groups: readonly RowGroup[]): string {
  const names = columns.map(([name]) => identifier(name)).join(', ');
  const branches = groups.map(
    ({ group }) =>
      `select ${names} from (
         select * from rows where split = ${quote(split)} and row_group = ${group} order by split_hash, id)`,
  );
  return branches.join(' union all ');
}

function parquetOptions({ columns }: ProfileTask): string {
  const schema = quote(arrowSchema(columns));
  return `format parquet, compression zstd, row_group_size 1, kv_metadata {'ARROW:schema': ${schema}}`;
}

function number(value: number): string {
  return String(value).padStart(5, '0');
}

function loading(dataset: string, maxLength: number): readonly string[] | null {
  const load = [
    'from datasets import load_dataset',
    '',
    `data = load_dataset("path/to/this/folder", "${dataset}")`,
  ];
  if (dataset === 'qa_documents') return [...load, 'print(data["train"][0]["text"])'];
  if (dataset !== 'sft') return null;
  return [
    ...load.slice(0, 1),
    'from trl import SFTConfig, SFTTrainer',
    '',
    ...load.slice(2),
    'trainer = SFTTrainer(',
    '    model="path/to/a/chat/model",',
    '    args=SFTConfig(',
    `        max_length=${maxLength},  # tokens; without it rows are cut at 1024`,
    '        assistant_only_loss=True,',
    '    ),',
    '    train_dataset=data["train"],',
    '    eval_dataset=data.get("validation"),',
    ')',
    'trainer.train()',
  ];
}
