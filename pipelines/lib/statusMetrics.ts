import type { Status } from './lakeStatus.js';
import { type Gauge, metricsText } from './prometheus.js';

/** A status as metrics, of which README tells those to alert on. */
export function statusMetrics(status: Status): string {
  const { sources, layers, tables, rejects, outOfDate, holding, redaction, drift, disk, unattended } = status;
  const seconds = (time: string) => Date.parse(time) / 1000;
  const each = <T>(
    list: readonly T[],
    labels: (item: T) => Record<string, string>,
    value: (item: T) => number,
  ) => list.map((item) => ({ labels: labels(item), value: value(item) }));
  const bySource = (value: (source: Status['sources'][number]) => number) =>
    each(sources, ({ source }) => ({ source }), value);
  const one = (value: number | null) => (value === null ? [] : [{ value }]);
  const inTable = ({ table }: { table: string }) => ({ layer: table.split('.')[0] ?? '', table });
  const builtLayers = layers.map(({ layer }) => layer).filter((layer) => layer !== 'raw');
  const outdated = [...new Set([...builtLayers, ...outOfDate.map(({ model }) => model.split('.')[0] ?? '')])];
  const next = unattended.schedule?.nextAt ?? null;
  const gauges: Gauge[] = [
    {
      name: 'tracemill_status_timestamp_seconds',
      help: 'When these metrics were made.',
      samples: one(seconds(status.at)),
    },
    {
      name: 'tracemill_last_ingest_timestamp_seconds',
      help: 'When something of a source was last read into the lake.',
      samples: bySource(({ lastCommitAt }) => seconds(lastCommitAt)),
    },
    {
      name: 'tracemill_ingest_lag_seconds',
      help: 'Time since something of a source was last read, as of the status.',
      samples: bySource(({ lagMs }) => lagMs / 1000),
    },
    {
      name: 'tracemill_source_files',
      help: 'Files of a source in the lake.',
      samples: bySource(({ files }) => files),
    },
    {
      name: 'tracemill_source_lines',
      help: 'Lines of a source in the lake.',
      samples: bySource(({ lines }) => lines),
    },
    {
      name: 'tracemill_source_bytes',
      help: 'Bytes of the files of a source that were read.',
      samples: bySource(({ bytes }) => bytes),
    },
    {
      name: 'tracemill_table_rows',
      help: 'Rows of a table.',
      samples: each(tables, inTable, ({ rows }) => rows),
    },
    {
      name: 'tracemill_table_bytes',
      help: 'Bytes of the files of a table.',
      samples: each(tables, inTable, ({ bytes }) => bytes),
    },
    {
      name: 'tracemill_outdated_models',
      help: 'Models that a build would run.',
      samples: each(
        outdated,
        (layer) => ({ layer }),
        (layer) => outOfDate.filter(({ model }) => model.startsWith(`${layer}.`)).length,
      ),
    },
    {
      name: 'tracemill_rejected_lines',
      help: 'Lines that no table but the rejects holds.',
      samples: each(
        rejects,
        ({ source, reason }) => ({ source, reason }),
        ({ lines }) => lines,
      ),
    },
    {
      name: 'tracemill_redacted_places',
      help: 'Places in the logs where something was redacted.',
      samples: each(
        redaction.found ?? [],
        ({ kind, rule }) => ({ kind, rule }),
        ({ places }) => places,
      ),
    },
    {
      name: 'tracemill_drift_names',
      help: 'Names in the logs of the last 30 days that the models do not know.',
      samples:
        drift === null
          ? []
          : each(
              ['record type', 'field', 'version'],
              (kind) => ({ kind: kind.replace(' ', '_') }),
              (kind) => drift.names.filter((name) => name.kind === kind).length,
            ),
    },
    {
      name: 'tracemill_drift_answer_days',
      help: 'Days of the last 30 on which far fewer questions than usual were answered.',
      samples: one(drift === null ? null : drift.cliffs.length),
    },
    {
      name: 'tracemill_disk_bytes',
      help: 'Bytes on disk by part of the data folder.',
      samples: each(
        disk.parts,
        ({ part }) => ({ part }),
        ({ bytes }) => bytes,
      ),
    },
    {
      name: 'tracemill_disk_free_bytes',
      help: 'Bytes free on the disk of the data folder.',
      samples: one(disk.freeBytes),
    },
    {
      name: 'tracemill_exports_with_forgotten_rows',
      help: 'Exports that hold rows of what was forgotten since.',
      samples: one(holding.length),
    },
    {
      name: 'tracemill_capture_running',
      help: '1 while capture runs.',
      samples: one(unattended.capture === 'on' ? 1 : 0),
    },
    {
      name: 'tracemill_next_ingest_timestamp_seconds',
      help: 'When cron next ingests.',
      samples: one(next === null ? null : seconds(next)),
    },
  ];
  return metricsText(gauges);
}
