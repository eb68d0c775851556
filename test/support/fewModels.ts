import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The two tables that a handoff reads, straight from the logs of Claude Code, for tests of what goes on around a build:
 * a build of the real models takes longer than all else that such a test does.
 */
const models: Record<string, string> = {
  'core/sessions': `-- One row per log.
-- @partition day
-- @key session_id
select
    source_path as session_id,
    min((line ->> 'timestamp')::timestamp) as started_at,
from raw.claude
group by all
order by session_id
`,
  'core/qa_pairs': `-- One row per prompt with the last answer before the next one.
-- @partition day
-- @key qa_id
with
records as (
    select *, try_cast(line as json) as record from raw.claude
),

prompts as (
    select source_path, byte_offset, record ->> 'uuid' as qa_id, record ->> '$.message.content' as question,
        (record ->> 'timestamp')::timestamp as asked_at,
    from records
    where (record ->> 'type') = 'user' and json_type(record, '$.message.content') = 'VARCHAR'
),

answers as (
    select source_path, byte_offset, record ->> 'uuid' as answer_id, record ->> 'cwd' as project_path,
        record ->> '$.message.content[0].text' as answer, record ->> '$.message.model' as model,
        (record ->> 'timestamp')::timestamp as answered_at,
    from records
    where (record ->> '$.message.stop_reason') = 'end_turn' and (record ->> '$.message.content[0].type') = 'text'
),

ends as (
    select record ->> 'parentUuid' as answer_id from records where (record ->> 'subtype') = 'turn_duration'
)

select
    prompts.qa_id, 'claude' as agent, sessions.session_id, answers.project_path,
    prompts.question, answers.answer, sha256(prompts.question) as question_hash,
    sha256(answers.answer) as answer_hash, sha256(prompts.question || answers.answer) as content_hash,
    null::varchar as duplicate_of, ends.answer_id is not null as is_ended, answers.model,
    prompts.asked_at, answers.answered_at, epoch_ms(prompts.asked_at) as ts_ms,
    answers.source_path, prompts.byte_offset as source_offset,
from answers
asof join prompts
    on prompts.source_path = answers.source_path and prompts.byte_offset < answers.byte_offset
left join ends using (answer_id)
join core.sessions on sessions.session_id = answers.source_path
qualify row_number() over (partition by prompts.qa_id order by answers.byte_offset desc) = 1
order by prompts.qa_id
`,
};

/** Writes them into a folder that TRACEMILL_SQL can name. */
export async function writeFewModels(folder: string): Promise<void> {
  await mkdir(join(folder, 'core'), { recursive: true });
  for (const [name, text] of Object.entries(models)) await writeFile(join(folder, `${name}.sql`), text);
}
