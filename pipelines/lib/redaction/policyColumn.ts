import type { Model } from '../model.js';
import { quote } from '../warehouse.js';
import type { Policy } from './policy.js';

const layers = ['staging', 'core', 'events'];

/** A model whose rows say in `redaction_policy` under which policy they were made: those of staging, core and events do. */
export function withPolicy<M extends Model>(model: M, { version }: Policy): M {
  if (!layers.includes(model.name.split('.')[0] ?? '')) return model;
  const own = `columns(lambda name: name <> 'redaction_policy')`;
  return {
    ...model,
    sql: `select ${own}, ${quote(version)} as redaction_policy from (\n${model.sql}\n)`,
  };
}
