import { UserError } from '../errors.js';

/** What the disk or its rights refuse; anything else is a bug and shows its stack. */
const refusals = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST', 'EISDIR'];

/** Runs `work`, which writes a file that a setting places; a refusal comes back in words. */
export async function writing<T>(file: string, setting: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof UserError || code === undefined || !refusals.includes(code)) throw error;
    const words = `cannot be written (${code}); make room and its folder writable, or name another in ${setting}`;
    throw new UserError(`${file}: ${words}`, { cause: error });
  }
}
