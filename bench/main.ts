/** Speed, side by side with a peer in one run; see run.mjs for the settings. */
import { cpus, totalmem } from 'node:os';
import { benchConvnet } from './convnets';
import { benchData } from './data';
import { benchInspect } from './inspect';
import { benchLenet } from './lenet';
import { networks } from './networks';
import { readSettings, type Settings } from './settings';
import { benchParallel } from './parallel';
import { benchStartup } from './startup';
import { benchWebGpu } from './webgpu';

/** @throws where MNIST is missing: these two measure on the real thing */
const onMnist =
  (bench: (mnist: string, settings: Settings) => Promise<void>) =>
  async (settings: Settings): Promise<void> => {
    if (settings.mnist === null) throw new Error('set MNIST_DIR to the folder with the four MNIST files');
    await bench(settings.mnist, settings);
  };

const parts = new Map<string, (settings: Settings) => Promise<void>>([
  ['lenet', onMnist(benchLenet)],
  ['startup', onMnist(benchStartup)],
  ['parallel', benchParallel],
  ['inspect', benchInspect],
  ['data', benchData],
  ['webgpu', benchWebGpu],
  ...networks.map(network => [network.name, (settings: Settings) => benchConvnet(network, settings)] as const),
]);

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const wanted = process.env['BENCH_ONLY']?.split(',') ?? [...parts.keys()];
  const unknown = wanted.filter(name => !parts.has(name));
  if (unknown.length > 0)
    throw new Error(`BENCH_ONLY takes ${[...parts.keys()].join(', ')}; not ${unknown.join(', ')}`);
  const processors = cpus();
  console.log(
    `${String(processors.length)} × ${processors[0]?.model.trim() ?? 'unknown processor'}, ` +
      `${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}\n`,
  );
  for (const name of wanted) await parts.get(name)!(settings);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
