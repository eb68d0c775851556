/** The part of parquetjs-lite that is used; the package brings no types. */
declare module 'parquetjs-lite' {
  namespace parquet {
    type Field = {
      type: string;
      compression?: string;
      statistics?: boolean;
      optional?: boolean;
      repeated?: boolean;
    };
    /** Rows that wait to be written, by column: values that are there, and for each place whether and where in a list. */
    type RowBuffer = {
      rowCount: number;
      pageRowCount: number;
      columnData: Record<
        string,
        {
          values: unknown[];
          dlevels: number[];
          rlevels: number[];
          distinct_values: Set<unknown>;
          count: number;
        }
      >;
      pages: Record<string, unknown[]>;
    };
    class ParquetSchema {
      constructor(fields: Record<string, Field>);
    }
    class ParquetWriter {
      static openStream(
        schema: ParquetSchema,
        stream: {
          write(bytes: Buffer, done: () => void): void;
          end(done: () => void): void;
        },
        options: { useDataPageV2: boolean },
      ): Promise<ParquetWriter>;
      rowBuffer: RowBuffer;
      appendRow(row: Record<string, unknown>): Promise<void>;
      close(): Promise<void>;
    }
  }
  export = parquet;
}
