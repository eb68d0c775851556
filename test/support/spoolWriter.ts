import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { createRecorder } from 'tracemill/recorder';

/** What a writer is told: where, how many events, and its own number; a name makes writers share one file. */
export type WriterOrder = { folder: string; count: number; writer: number; name?: string };

// The program of a process or thread of its own, which records events and answers with their ids.
if (!isMainThread || process.argv[2] === 'write') {
  const order: WriterOrder = isMainThread ? JSON.parse(process.argv[3] ?? '') : workerData;
  const ids = writeEvents(order);
  if (isMainThread) process.send?.(ids);
  else parentPort?.postMessage(ids);
}

/** Text of `size` bytes that tells of which event it is, with characters of more than one byte. */
export function bodyOf(writer: number, index: number): string {
  // A few of a megabyte, some of 64 kB, most of them short.
  const size = index % 50 === 49 ? 1 << 20 : index % 10 === 3 ? 1 << 16 : (index * 37) % 3000;
  return `${writer}/${index} é\n${'x'.repeat(size)}`;
}

function writeEvents({ folder, count, writer, name }: WriterOrder): string[] {
  const recorder = createRecorder({ folder, ...(name === undefined ? {} : { name }) });
  return Array.from({ length: count }, (_, index) => {
    const payload = { writer, index, body: bodyOf(writer, index) };
    const recorded = recorder.recordEvent('load.written', payload);
    if (!recorded.ok) throw recorded.error;
    return recorded.id;
  });
}
