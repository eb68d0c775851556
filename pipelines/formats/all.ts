import type { Profile } from '../lib/profile.js';
import { axolotl } from './axolotl.js';
import { llamaFactory } from './llamaFactory.js';
import { openai } from './openai.js';
import { sharegpt } from './sharegpt.js';
import { text } from './text.js';
import { trl } from './trl.js';
import { verl } from './verl.js';
import { wire } from './wire.js';

/** Every shape an export can be written in, the default first. */
export const profiles: readonly Profile[] = [trl, openai, axolotl, llamaFactory, sharegpt, verl, wire, text];
