import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { safeParse } from '../../../src/shared/check';

const schema = z.object({ points: z.array(z.number()).max(3), name: z.string().max(5) });

describe('a value that anybody may have written', () => {
  test('is wrong in words, not by an exception, where a length is an object without a value', () => {
    const hostile: unknown = JSON.parse('{"length":{"toString":1,"valueOf":2}}');
    for (const value of [{ points: hostile, name: 'a' }, { points: [], name: hostile }, hostile]) {
      const { success, error } = safeParse(schema, value);
      expect(success).toBe(false);
      expect(error?.issues[0]?.message).toMatch(/\w/);
    }
  });

  test('is what it was where it is right, and says its field where it is wrong', () => {
    const value = { points: [1, 2], name: 'abc' };
    expect(safeParse(schema, value)).toEqual({ success: true, data: value });
    expect(safeParse(schema, { ...value, points: [1, 2, 3, 4] }).error?.issues[0]?.path).toEqual(['points']);
  });
});
