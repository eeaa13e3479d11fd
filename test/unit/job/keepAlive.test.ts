import { describe, expect, it } from 'vitest';
import { keepAlive } from '../../../src/job/keepAlive';

const timers = (): number => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;

describe('keepAlive', () => {
  it('leaves something in the event loop until it is ended', () => {
    const before = timers();
    const end = keepAlive();
    expect(timers()).toBe(before + 1);
    end();
    expect(timers()).toBe(before);
  });
});
