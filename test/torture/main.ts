/** npm run torture -- kills|memory|store10k …: see run.mjs. */
import { kills } from './kills';
import { largeStore } from './largeStore';
import { memory } from './memory';
import { killOptions, largeStoreOptions, memoryOptions } from './options';

const tortures: Readonly<Record<string, (args: readonly string[]) => Promise<boolean>>> = {
  kills: args => kills(killOptions(args)),
  memory: args => memory(memoryOptions(args)),
  store10k: args => largeStore(largeStoreOptions(args)),
};

async function main([what = '', ...args]: readonly string[]): Promise<boolean> {
  const torture = Object.hasOwn(tortures, what) ? tortures[what] : undefined;
  if (!torture) throw new Error(`"${what}" is none of ${Object.keys(tortures).join(', ')}`);
  return torture(args);
}

main(process.argv.slice(2)).then(
  isWell => {
    process.exitCode = isWell ? 0 : 1;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 2;
  },
);
