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
      appendRow(row: Record<string, unknown>): Promise<void>;
      close(): Promise<void>;
    }
  }
  export = parquet;
}
