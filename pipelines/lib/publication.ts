import { chmod, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeFile, type ExportManifest, type FileManifest, versionOf } from './exportManifest.js';
import { syncPath } from './lake.js';

const ownerOnly = { mode: 0o600 } as const;

/** Gives a finished draft of an export the name of its content, unless the same export is there already. */
export async function publishExport(of: {
  /** Absolute path of the folder that holds the versions. */
  out: string;
  /** Absolute path of the draft, whose data files the manifest names. */
  draft: string;
  manifest: ExportManifest;
  card: (version: string) => string;
}): Promise<{ version: string; folder: string; added: boolean }> {
  const { out, draft, manifest, card } = of;
  const version = versionOf(manifest);
  const folder = join(out, version);
  await writeFile(join(draft, 'README.md'), card(version), ownerOnly);
  const text = `${JSON.stringify({ version, ...manifest }, null, 2)}\n`;
  await writeFile(join(draft, 'manifest.json'), text, ownerOnly);
  const files = [...manifest.files.map(({ path }) => path), 'README.md', 'manifest.json'];
  for (const file of files) {
    await chmod(join(draft, file), 0o600);
    await syncPath(join(draft, file));
  }
  for (const subfolder of new Set(files.map((file) => dirname(file)))) await syncPath(join(draft, subfolder));
  const added = await rename(draft, folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') return false;
      throw error;
    },
  );
  await syncPath(out);
  return { version, folder, added };
}

/** Writes texts that a trainer wants beside the data, by path; they count as files without rows. */
export async function writeExtras(
  draft: string,
  texts: Readonly<Record<string, string>>,
): Promise<FileManifest[]> {
  return Promise.all(
    Object.entries(texts).map(async ([path, text]) => {
      await writeFile(join(draft, path), text, ownerOnly);
      return describeFile(draft, { path, rows: 0, tokens: 0 });
    }),
  );
}
