import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { runJupyter } from './jupyter.js';
import { makeFolder, writeAtomically } from './lake.js';

type Text = string | readonly string[];
type Output = { readonly output_type: string; readonly name?: string; readonly text?: Text };
export type Cell = {
  readonly cell_type: string;
  readonly source: Text;
  readonly outputs?: readonly Output[];
};
/** A notebook as its file holds it (nbformat 4); what else is in it is kept. */
export type Notebook = { readonly cells: readonly Cell[] };

/**
 * Runs all cells of a notebook and writes a copy with their outputs into the folder `out`; the same lake gives the same
 * bytes. Throws a UserError that names the first cell that failed; the copy then has the words of its error.
 */
export async function executeNotebook(options: {
  file: string;
  out: string;
  nbconvert: string;
  config: Config;
}): Promise<{ file: string; cells: number }> {
  const { out, nbconvert, config } = options;
  const notebook = await readNotebook(options.file);
  const words = [
    ...['--to', 'notebook', '--execute', '--stdout', options.file],
    // A kernel whose lake was not closed would be waited for; it has nothing to finish.
    '--ExecutePreprocessor.shutdown_kernel=immediate',
    // What a cell shows comes by another way than that it ended. It would be waited for 4 s, which a busy machine may need,
    // and then silently be left out.
    '--ExecutePreprocessor.iopub_timeout=120',
    '--ExecutePreprocessor.raise_on_iopub_timeout=True',
    '--ExecutePreprocessor.startup_timeout=300',
  ];
  const run = await runJupyter(nbconvert, words, { config });
  const failed = run.code !== 0;
  // It prints nothing where a cell fails, and not which one; with errors allowed it does not say that one failed.
  const { stdout } = failed ? await runJupyter(nbconvert, [...words, '--allow-errors'], { config }) : run;
  if (stdout === '') {
    // Where a cell failed first, the last words are those of its error, which may quote a session.
    const isCell = failingCell.test(run.stderr);
    const reason = isCell ? 'its kernel ended' : (run.stderr.trim().split('\n').at(-1) ?? '');
    throw new UserError(`${options.file}: did not run (${reason}); \`just doctor\` says what Jupyter needs`);
  }
  const executed = withOutputs(notebook, JSON.parse(stdout) as Notebook);
  const file = join(out, basename(options.file));
  await makeFolder(out);
  await writeAtomically(file, `${JSON.stringify(executed, null, 1)}\n`);
  if (failed) throw failure(options.file, file, executed, run.stderr);
  return { file, cells: executed.cells.filter(isCode).length };
}

/** A notebook without the outputs of its cells. */
export function withoutOutputs(notebook: Notebook): Notebook {
  return withOutputs(notebook, { cells: [] });
}

/** Reads a notebook's file; throws a UserError where it is none. */
export async function readNotebook(file: string): Promise<Notebook> {
  try {
    const notebook = JSON.parse(await readFile(file, 'utf8')) as Partial<Notebook>;
    if (Array.isArray(notebook.cells)) return notebook as Notebook;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UserError(`${file}: is no Jupyter notebook; save it from Jupyter again`);
}

/** The notebook with the outputs that another run of it has, and nothing that differs from run to run. */
function withOutputs(notebook: Notebook, executed: Notebook): Notebook {
  let count = 0;
  const cells = notebook.cells.map((cell, index) => {
    if (!isCode(cell)) return cell;
    const outputs = joined(executed.cells[index]?.outputs ?? []);
    count += 1;
    return { ...cell, execution_count: executed.cells.length > 0 ? count : null, metadata: {}, outputs };
  });
  return { ...notebook, cells };
}

/** What a cell prints comes in as many pieces as the kernel happened to send. */
function joined(outputs: readonly Output[]): Output[] {
  const all: Output[] = [];
  for (const output of outputs) {
    const last = all.at(-1);
    if (output.output_type === 'stream' && last?.output_type === 'stream' && last.name === output.name)
      all[all.length - 1] = { ...last, text: lines(textOf(last.text) + textOf(output.text)) };
    else all.push(output);
  }
  return all;
}

// As nbconvert names a cell that failed.
const failingCell = /following cell:\n-+\n([\s\S]*?)\n-{9,}/;

function failure(file: string, copy: string, { cells }: Notebook, stderr: string): UserError {
  const source = failingCell.exec(stderr)?.[1];
  const index = cells.findIndex((cell) => isCode(cell) && textOf(cell.source).trim() === source?.trim());
  const name = index < 0 ? 'a cell' : `cell ${index + 1} (${firstLine(cells[index])})`;
  const words = (cells[index]?.outputs ?? []).map((output) => textOf(output.text)).join('');
  // Ours and the compiler's; those of other errors may quote a session, and are in the copy, for the owner only.
  const why = /^(?:UserError: |(?=\d+:\d+ - ))(.*)$/m.exec(words)?.[1];
  return new UserError(
    `${file}: ${[`${name} failed`, why].filter(Boolean).join(', ')}; all words of the error are in ${copy}`,
  );
}

function firstLine(cell: Cell | undefined): string {
  const line = textOf(cell?.source)
    .split('\n')
    .find((text) => text.trim() !== '');
  return (line ?? '').trim().slice(0, 60);
}

function isCode(cell: Cell): boolean {
  return cell.cell_type === 'code';
}

function textOf(text: Text | undefined): string {
  return typeof text === 'string' ? text : (text ?? []).join('');
}

/** As nbformat stores a text: its lines, each with its newline. */
function lines(text: string): string[] {
  return text.split(/(?<=\n)/);
}
