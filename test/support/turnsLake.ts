import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quote } from '../../pipelines/lib/warehouse.js';
import { makeLake, type TestLake } from './lake.js';

/** A turn as tests of duplicates write it; `session` is one of its own unless given, `end` its end_reason. */
export type TurnText = {
  readonly id: string;
  readonly day: string;
  readonly question: string;
  readonly answer: string;
  readonly session?: string;
  readonly end?: string;
  readonly kind?: string;
  /** Minutes after midnight; the order of turns in a day. */
  readonly minute?: number;
};

const turnColumns = `{day: 'varchar', turn_id: 'varchar', session_id: 'varchar', session_kind: 'varchar', segment_no: 'integer',
  prompt_kind: 'varchar', is_human: 'boolean', is_abandoned: 'boolean', end_reason: 'varchar', question: 'varchar',
  final_answer: 'varchar', first_position: 'integer', started_at: 'timestamp'}`;

const answerColumns = `{day: 'varchar', answer_id: 'varchar', created_at: 'timestamp', prompt: 'varchar', output: 'varchar'}`;

/** A lake whose core.turns is what setTurns gives it, with the real models of pair hashes and duplicates. */
export async function makeTurnsLake(): Promise<TestLake> {
  const lake = await makeLake({ TRACEMILL_WORKERS: '2' });
  const sql = new URL('../../../sql/', import.meta.url);
  const wanted = ['core/pair_hashes.sql', 'duplicates/signatures.sql', 'duplicates/near_duplicates.sql'];
  const macros = (await readdir(new URL('macros/', sql))).map((file) => `macros/${file}`);
  for (const file of [...wanted, ...macros]) {
    await lake.sql({ [file.replace(/\.sql$/, '')]: await readFile(new URL(file, sql), 'utf8') });
  }
  return lake;
}

/** A recorded answer, without the columns that duplicates do not read. */
export type AnswerText = {
  readonly id: string;
  readonly day: string;
  readonly prompt: string | null;
  readonly output: string | null;
};

/** Makes these the turns of the lake and builds; the models see a changed text of core.turns, as after an ingest. */
export async function setTurns(
  lake: TestLake,
  turns: readonly TurnText[],
  { version = 0, answers = [] as readonly AnswerText[] } = {},
): Promise<void> {
  const rows = turns.map(({ id, day, question, answer, session, end, kind, minute }, index) => ({
    day,
    turn_id: id,
    session_id: session ?? `session of ${id}`,
    session_kind: kind ?? 'main',
    segment_no: 0,
    prompt_kind: 'human',
    is_human: true,
    is_abandoned: false,
    end_reason: end ?? 'answered',
    question,
    final_answer: answer,
    first_position: index,
    started_at: new Date(Date.parse(`${day}T00:00Z`) + 60_000 * (minute ?? 0)).toISOString().slice(0, 19),
  }));
  const given = answers.map(({ id, day, prompt, output }) => ({
    day,
    answer_id: id,
    created_at: `${day}T12:00:00`,
    prompt,
    output,
  }));
  await lake.sql({
    'core/turns': await model(lake, `turns-${version}`, rows, turnColumns, 'turn_id'),
    'events/answers': await model(lake, `answers-${version}`, given, answerColumns, 'answer_id'),
  });
  const { failures } = await lake.build();
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
}

/** A model that reads the rows from a file: so many do not fit into a SELECT. */
async function model(lake: TestLake, name: string, rows: readonly object[], columns: string, key: string) {
  const path = join(lake.folder, `${name}.jsonl`);
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return `-- One row per row of the test.
-- @split day
-- @key ${key}
select * from read_json(${quote(path)}, format = 'newline_delimited', columns = ${columns})
order by ${key}
`;
}
