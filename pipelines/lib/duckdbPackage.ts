import { createRequire } from 'node:module';

/**
 * The package of DuckDB. An `import` of its values would make Node read and parse its hundred files twice, the first time
 * for the names they export: 0.1 s at the start of every verb.
 */
export const duckdbPackage: typeof import('@duckdb/node-api') = createRequire(import.meta.url)(
  '@duckdb/node-api',
);
