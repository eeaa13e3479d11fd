import { describe, expect, it } from 'vitest';
import { describeExamination, examine } from '../../../src/job/doctor';
import { fakeExecutor } from '../../support/fakeExecutor';

it('the doctor tells of each executor what it measured and the memory that takes, or why it cannot be used', () => {
  const memory = { data: 2 ** 20, parameters: 2 ** 21, activations: 2 ** 19, total: 3.5 * 2 ** 20 };
  const measurements = [
    { measuredOn: 'LeNet-300-100, Adam, batch 60', stepsPerSecond: 2345.6, sparseStepsPerSecond: 4000, memory },
    { measuredOn: 'SimpleCNN, Adam, batch 64', stepsPerSecond: 3.14, memory },
    { measuredOn: 'VGG', reason: 'out of memory' },
  ];
  const usable = { usable: true, variant: '1', stepsPerSecond: 2345.6 } as const;
  const text = describeExamination({
    node: '22.0.0',
    platform: 'linux x64',
    findings: ['NVIDIA: no driver answers'],
    executors: [
      { ...usable, name: 'wasm', device: '2 threads', notes: ['one thread only'], measurements },
      { name: 'webgpu', usable: false, reason: 'no adapter was found' },
    ],
    auto: [{ measuredOn: 'VGG', executor: 'wasm' }],
  });
  const planned = '3.5 MiB planned (data 1.0 MiB, weights and optimiser 2.0 MiB, activations 512 KiB)';
  expect(text.split('\n')).toEqual([
    'Node 22.0.0, linux x64',
    '✔ wasm    2 threads',
    '          LeNet-300-100, Adam, batch 60: 2,346 steps/s dense, ' +
      `4,000 steps/s with 6.9 % of the weights; ${planned}`,
    `          SimpleCNN, Adam, batch 64: 3.1 steps/s dense; ${planned}`,
    '          VGG: out of memory',
    '          one thread only',
    '✘ webgpu  no adapter was found',
    'auto takes wasm for VGG',
    'NVIDIA: no driver answers',
    '',
  ]);
});

const wasm = (milliseconds: number) => fakeExecutor({ secondsPerStep: () => milliseconds / 1000 });

// networks of a million weights, which the fake walks through in plain loops
describe('an examination', { timeout: 60_000 }, () => {
  it('measures what can be used on both networks, dense and sparse, and says what auto would take', async () => {
    const slow = wasm(100);
    const fast = fakeExecutor({ name: 'webgpu', secondsPerStep: density => (density === 1 ? 0.02 : 0.01) });
    const seen: string[] = [];
    const { executors, auto } = await examine({ sources: [slow, fast], onExecutor: name => seen.push(name) });
    expect(seen).toEqual(['wasm', 'webgpu']);
    expect(executors[1]).toMatchObject({
      name: 'webgpu',
      usable: true,
      device: 'fake device',
      stepsPerSecond: expect.closeTo(50),
      measurements: [
        { measuredOn: 'LeNet-300-100, Adam, batch 60', sparseStepsPerSecond: expect.closeTo(100) },
        { measuredOn: 'SimpleCNN, Adam, batch 64', stepsPerSecond: expect.closeTo(50), memory: { data: 100 } },
      ],
    });
    expect(auto.map(({ executor }) => executor)).toEqual(['webgpu', 'webgpu']);
    expect([slow, fast].map(one => one.alive())).toEqual([0, 0]);
  });

  it('tells why an executor cannot be used, also where its device fails at the first step', async () => {
    const gone = fakeExecutor({ name: 'webgpu', unusable: 'no adapter' });
    const failing = fakeExecutor({ name: 'tensorflow', loses: { session: 0, step: 0, kind: 'lost' } });
    const { executors, auto } = await examine({ sources: [gone, failing] });
    expect(executors).toEqual([
      { name: 'webgpu', usable: false, reason: 'no adapter' },
      { name: 'tensorflow', usable: false, reason: 'fake device: the fake device is gone' },
    ]);
    expect(auto).toEqual([]);
  });

  it('measures the reference on the small network without masks, and lets auto take it only where there is nothing else', async () => {
    const reference = { ...fakeExecutor({ name: 'cpu', secondsPerStep: () => 0.08 }), reference: true as const };
    const both = await examine({ sources: [wasm(100), reference] });
    expect(both.auto.map(({ executor }) => executor)).toEqual(['wasm', 'wasm']);
    expect(both.executors[1]).toHaveProperty('measurements.length', 1);
    expect(both.executors[1]).not.toHaveProperty('measurements.0.sparseStepsPerSecond');
    expect((await examine({ sources: [reference] })).auto.map(({ executor }) => executor)).toEqual(['cpu', 'cpu']);
  });
});
