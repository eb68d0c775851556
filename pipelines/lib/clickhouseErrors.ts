import { UserError } from '../errors.js';

/** Error codes of the server that a person can do something about; the rest is a bug of ours. */
const refusals: Readonly<Record<string, string>> = {
  81: 'has no such database; make it, or set CLICKHOUSE_DATABASE',
  139: 'has no Keeper or no macros of its shard and replica; a cluster needs both in its configuration',
  159: 'took longer than its time limit; raise max_execution_time of the user',
  164: 'lets this user only read; give it the right to write',
  192: 'does not know this user; set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD',
  193: 'refuses this password; set CLICKHOUSE_PASSWORD',
  194: 'wants a password; set CLICKHOUSE_PASSWORD',
  202: 'runs too many statements already; try again later',
  241: 'ran out of the memory it may use; give it more, or run again when it is less busy',
  242: 'holds this table for reading only, it has lost its keeper; look after the cluster',
  243: 'has no space left on its disk; free some space and run again',
  497: 'does not let this user do that; grant CREATE, ALTER, DROP, INSERT and SELECT on the database',
  516: 'refuses this user or password; set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD',
  225: 'has no Keeper; a cluster needs one',
  349: 'allows no null where a row of the lake has one; correct the model that makes it',
  999: 'lost its Keeper; look after the cluster, then run again',
  701: 'knows no such cluster; correct CLICKHOUSE_CLUSTER',
};

const wires: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'nothing listens there; start the server, or correct the URL'],
  [/ENOTFOUND|EAI_AGAIN/, 'no such host; correct the URL, or check the network'],
  [/EHOSTUNREACH|ENETUNREACH/, 'cannot be reached; check the network'],
  [/ETIMEDOUT|Timeout error|timed out/i, 'does not answer in time; look after the server, then run again'],
  [
    /ECONNRESET|EPIPE|socket hang up|aborted|premature/i,
    'went away half-way; look after the server, then run again',
  ],
  [
    /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_|certificate/,
    'its certificate is not trusted; name the authority in NODE_EXTRA_CA_CERTS',
  ],
  [/ERR_SSL|EPROTO|WRONG_VERSION/, 'does not speak TLS there; correct the port, or write http://'],
];

/**
 * An error of the client as a UserError, where a person can put it right; any other as it is. Says nothing of what the
 * statement or the server's own message held: both may hold text of the logs.
 */
export function clickhouseError(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const say = (words: string) => new UserError(`${where}: ${words}`, { cause: error });
  if (/No space left on device|Errno: 28\b|errno: 28\b/.test(error.message)) return say(refusals[243] ?? '');
  // Not instanceof: the embedded client brings its own class of the same name.
  const { code = '' } = error as { code?: string };
  if (/^\d+$/.test(code)) {
    const words = refusals[code];
    return words === undefined ? error : say(words);
  }
  const text = `${code} ${error.name} ${error.message}`;
  const words = wires.find(([pattern]) => pattern.test(text))?.[1];
  if (words !== undefined) return say(words);
  // A page of a proxy or of another server in place of an answer.
  if (error instanceof SyntaxError || /^\s*</.test(error.message) || error.message.trim() === '')
    return say('something answers, but it is not ClickHouse; correct the URL');
  return error;
}
