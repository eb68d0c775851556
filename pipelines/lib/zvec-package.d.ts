// Of @zvec/zvec, which has types of its own, what this project uses: the package is optional, and where it is not
// installed the project compiles all the same.
declare module '@zvec/zvec' {
  export type Status = { readonly ok: boolean; readonly code: string; readonly message: string };
  export type Fields = Readonly<Record<string, string | number | readonly string[]>>;
  export type Doc = { readonly id: string; readonly score: number; readonly fields: Fields };
  export type Field = {
    readonly name: string;
    readonly dataType: number;
    readonly nullable?: boolean;
    readonly indexParams?: { readonly indexType: number; readonly filters?: readonly string[] };
  };
  export type Query = {
    readonly fieldName: string;
    readonly fts: { readonly matchString: string };
    readonly topk: number;
    readonly filter?: string;
    readonly outputFields: readonly string[];
  };
  export type Collection = {
    readonly stats: { readonly docCount: number };
    readonly upsertSync: (docs: readonly { readonly id: string; readonly fields: Fields }[]) => Status[];
    readonly deleteSync: (ids: readonly string[]) => Status[];
    readonly fetchSync: (what: {
      readonly ids: readonly string[];
      readonly outputFields: readonly string[];
    }) => Readonly<Record<string, Doc>>;
    readonly iterDocsSync: (what: { readonly outputFields: readonly string[] }) => Iterable<Doc>;
    readonly querySync: (query: Query) => Doc[];
    readonly optimizeSync: () => void;
    readonly closeSync: () => void;
  };
  export type Schema = { readonly name: string };
  export const ZVecDataType: {
    readonly STRING: number;
    readonly INT64: number;
    readonly ARRAY_STRING: number;
  };
  export const ZVecIndexType: { readonly INVERT: number; readonly FTS: number };
  export const ZVecLogLevel: { readonly FATAL: number };
  export const ZVecCollectionSchema: new (what: {
    readonly name: string;
    readonly fields: readonly Field[];
  }) => Schema;
  export function ZVecInitialize(options: { readonly logLevel: number }): void;
  export function ZVecCreateAndOpen(path: string, schema: Schema): Collection;
  export function ZVecOpen(path: string, options?: { readonly readOnly: boolean }): Collection;
}
