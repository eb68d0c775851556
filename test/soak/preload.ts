// Loaded into the processes of a soak before the command line: a clock that is wrong, a disk that is slow to open logs, and
// where nothing may be mounted a disk that is full or can only be read.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { SOAK_CLOCK_MS, SOAK_SLOW_MS, SOAK_DISK, SOAK_DATA = '', SOAK_LOGS = '' } = process.env;

if (SOAK_CLOCK_MS !== undefined) {
  const offset = Number(SOAK_CLOCK_MS);
  const now = Date.now.bind(Date);
  globalThis.Date = new Proxy(Date, {
    construct: (target, words) =>
      words.length === 0 ? new target(now() + offset) : Reflect.construct(target, words),
    get: (target, name) => (name === 'now' ? () => now() + offset : Reflect.get(target, name)),
  });
}

if (SOAK_SLOW_MS !== undefined) {
  const { openSync } = fs;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  fs.openSync = (path, ...rest) => {
    // Between two looks at one log most of all, where it may be replaced.
    if (String(path).startsWith(SOAK_LOGS)) Atomics.wait(sleeper, 0, 0, Math.random() * Number(SOAK_SLOW_MS));
    return openSync(path, ...rest);
  };
}

if (SOAK_DISK !== undefined) {
  const code = SOAK_DISK;
  // A full disk takes a little more.
  let left = code === 'ENOSPC' ? Math.floor(Math.random() * 40) : 0;
  const refuse = (path: unknown, isWrite: boolean) => {
    if (!isWrite || !String(path).startsWith(SOAK_DATA) || left-- > 0) return;
    const words = code === 'ENOSPC' ? 'no space left on device' : 'read-only file system';
    throw Object.assign(new Error(`${code}: ${words}`), { code, syscall: 'open', path: String(path) });
  };
  const isWrite = (flags: unknown) =>
    typeof flags === 'number' ? (flags & 3) !== 0 : /[wa+]/.test(String(flags ?? 'r'));
  const { open, writeFile, mkdir, rename, rm, chmod } = fs.promises;
  fs.promises.open = async (path, flags, mode) => {
    refuse(path, isWrite(flags));
    return open(path, flags, mode);
  };
  fs.promises.writeFile = async (file, ...rest) => {
    refuse(file, true);
    return writeFile(file, ...rest);
  };
  fs.promises.mkdir = (async (path: fs.PathLike, options: fs.MakeDirectoryOptions) => {
    refuse(path, !fs.existsSync(path));
    return mkdir(path, options);
  }) as typeof mkdir;
  const { openSync } = fs;
  fs.openSync = (path, flags, mode) => {
    refuse(path, isWrite(flags));
    return openSync(path, flags, mode);
  };
  if (code === 'EROFS') {
    fs.promises.rename = async (from, to) => {
      refuse(to, true);
      return rename(from, to);
    };
    fs.promises.rm = async (path, options) => {
      refuse(path, fs.existsSync(path));
      return rm(path, options);
    };
    fs.promises.chmod = async (path, mode) => {
      refuse(path, true);
      return chmod(path, mode);
    };
  }
}
syncBuiltinESMExports();
