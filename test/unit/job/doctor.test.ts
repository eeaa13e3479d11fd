import { expect, it } from 'vitest';
import { describeExamination } from '../../../src/job/doctor';

it('the doctor tells of each executor what it measured and the memory that takes, or why it cannot be used', () => {
  const memory = { data: 2 ** 20, parameters: 2 ** 21, activations: 2 ** 19, total: 3.5 * 2 ** 20 };
  const measurements = [
    { measuredOn: 'LeNet-300-100, dense, Adam, batch 60', stepsPerSecond: 2345.6, memory },
    { measuredOn: 'SimpleCNN, dense, Adam, batch 64', stepsPerSecond: 31, memory },
  ];
  const text = describeExamination({
    node: '22.0.0',
    platform: 'linux x64',
    executors: [
      { name: 'wasm', usable: true, device: '2 threads', variant: '1', stepsPerSecond: 2345.6, measurements },
      { name: 'webgpu', usable: false, reason: 'is not part of this version' },
    ],
  });
  const planned = '3.5 MiB planned (data 1.0 MiB, weights and optimiser 2.0 MiB, activations 512 KiB)';
  expect(text.split('\n')).toEqual([
    'Node 22.0.0, linux x64',
    '✔ wasm    2 threads',
    `          LeNet-300-100, dense, Adam, batch 60: 2,346 steps/s; ${planned}`,
    `          SimpleCNN, dense, Adam, batch 64: 31 steps/s; ${planned}`,
    '✘ webgpu  is not part of this version',
    '',
  ]);
});
