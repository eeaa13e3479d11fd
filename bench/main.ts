/** Speed, side by side with a peer in one run; see run.mjs for the settings. */
import { existsSync } from 'node:fs';
import { benchLenet } from './lenet';
import { benchStartup } from './startup';

async function main(): Promise<void> {
  const mnist = process.env.MNIST_DIR ?? '';
  if (!existsSync(mnist)) {
    console.error(`${mnist} is not there: set MNIST_DIR to the folder with the four MNIST files`);
    process.exitCode = 1;
    return;
  }
  await benchLenet(mnist, process.env.PYTHON ?? 'python3', Number(process.env.BENCH_STEPS ?? 2000));
  await benchStartup(mnist);
}

void main();
