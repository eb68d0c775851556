import type { Line } from './claudeSpecs.js';

/** JSON text that no value of JavaScript is written as; `textOf` takes the marks away. */
const raw = (text: string) => `@@${text}@@`;
/** Behind a key: the same key once more. */
export const again = '\u0000again';

export const wrongValues: readonly unknown[] = [
  ...[
    null,
    true,
    0,
    -1,
    1.5,
    '',
    ' ',
    'text',
    [],
    {},
    [null],
    [[]],
    { a: null },
    ['text'],
    [{ type: 'text' }],
    [1, 'a', null],
  ],
  ...['1e400', '-0.0', '9223372036854775808', '-9223372036854775808', '123456789012345678901234567890'].map(
    raw,
  ),
  ...[raw(`${'['.repeat(600)}${']'.repeat(600)}`), raw(`${'{"a":'.repeat(300)}1${'}'.repeat(300)}`)],
  ...['long '.repeat(20_000), '\ud800', 'a\u0000b', '\ufeff', '2026-02-20T09:00:00.000Z', '{"a":1}', '{"a":'],
];
export const oddTimes: readonly unknown[] = [
  ...[
    undefined,
    null,
    1_771_588_800_000,
    '',
    'yesterday',
    '0000-01-01T00:00:00.000Z',
    '0001-01-01T00:00:00Z',
  ],
  ...[
    '9999-12-31T23:59:59.999Z',
    '294000-01-01T00:00:00Z',
    '+275760-09-13T00:00:00.000Z',
    '1969-12-31T23:59:59.999Z',
  ],
  ...[
    '2026-02-20T09:00:00+05:30',
    '2026-02-20T23:30:00-08:00',
    '2026-02-20',
    '2026-02-30T09:00:00Z',
    '2026-02-20 09:00:00',
  ],
  ...[
    'infinity',
    '-infinity',
    'epoch',
    '290309-12-22 (BC) 00:00:00+00',
    '2026-02-20T09:00:00.123456789Z',
    ['2026'],
    {},
  ],
];
// Fields that models go by, which a blind choice among all of them seldom hits.
export const namedFields: readonly string[] = [
  ...[
    'type',
    'uuid',
    'parentUuid',
    'sessionId',
    'timestamp',
    'isSidechain',
    'message',
    'message.content',
    'message.id',
  ],
  ...[
    'message.usage',
    'message.usage.output_tokens',
    'message.usage.input_tokens',
    'message.role',
    'message.model',
  ],
  ...[
    'message.content.0',
    'message.content.0.type',
    'message.content.0.id',
    'message.content.0.tool_use_id',
    'isMeta',
  ],
  ...[
    'message.content.0.text',
    'message.content.0.input',
    'message.content.0.name',
    'message.content.0.content',
    'cwd',
  ],
  ...[
    'attachment',
    'attachment.type',
    'toolUseResult',
    'toolUseResult.agentId',
    'version',
    'agentId',
    'content',
    'operation',
  ],
  ...[
    'payload',
    'payload.type',
    'payload.id',
    'payload.call_id',
    'payload.arguments',
    'payload.output',
    'payload.content',
  ],
  ...[
    'payload.content.0',
    'payload.content.0.text',
    'payload.turn_id',
    'payload.num_turns',
    'payload.message',
    'payload.info',
  ],
  ...[
    'payload.info.total_token_usage',
    'payload.info.total_token_usage.output_tokens',
    'payload.source',
    'payload.role',
  ],
  ...[
    'payload.usage',
    'payload.last_agent_message',
    'payload.item',
    'payload.item.content',
    'payload.item.type',
    'ordinal',
  ],
  ...[
    'payload.forked_from_id',
    'payload.summary',
    'payload.model',
    'payload.phase',
    'payload.approval_policy',
    'id',
    'tags',
  ],
  ...[
    'payload.cwd',
    'payload.instructions',
    'payload.input',
    'payload.score',
    'payload.ranking',
    'event_type',
    'schema_version',
  ],
  ...[
    'session_id',
    'artifact_id',
    'attempt_id',
    'payload.spans',
    'payload.context',
    'payload.candidates',
    'payload.reward',
  ],
];

/** A line of JSON; `lines` of the spool are text already. */
export function textOf(line: Line): string {
  const json = JSON.stringify(line);
  return `${json.replaceAll(/"@@(.*?)@@"/g, '$1').replaceAll('\\u0000again":', '":')}\n`;
}
